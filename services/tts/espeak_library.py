import ctypes
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from services.core.errors import ProviderError
from services.core.types import VoiceOffer, VoiceOption

BUFFER_MS: Final = 200
"""Sound handed over per callback; the first comes after about 0.3 ms whatever its length."""

_CANNOT_SPEAK: Final = "I can't speak right now: the built-in voice does not work."

_VARIANT: Final = re.compile(r"[a-z]+\d?")
_SYNCHRONOUS: Final = 2
_DONT_EXIT: Final = 0x8000
_UTF8: Final = 1
_RATE: Final = 1
_CONTINUE, _ABORT = 0, 1

_LOCK: Final = threading.Lock()
"""eSpeak keeps its state in C globals; two threads inside it abort the process."""

_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)


class _Voice(ctypes.Structure):
    """Mirror espeak_VOICE of speak_lib.h."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("languages", ctypes.c_void_p),
        ("identifier", ctypes.c_char_p),
        ("gender", ctypes.c_ubyte),
        ("age", ctypes.c_ubyte),
        ("variant", ctypes.c_ubyte),
        ("reserved", ctypes.c_ubyte),
        ("score", ctypes.c_int),
        ("spare", ctypes.c_void_p),
    )


class EspeakLibrary:
    """Hold the one eSpeak NG of this process; safe from any thread, one synthesis at a time.

    `voices` maps a voice's identifier, name and languages, all in lower case, to its identifier;
    `languages` maps that to the language which the voice speaks best.
    """

    def __init__(self) -> None:
        self._library, self.sample_rate, data = _initialised()
        self.voices: Mapping[str, str] = _voices(self._library)
        options = {
            voice.identifier.decode(): _option(voice, self.voices)
            for voice in _listed(self._library)
        }
        self.languages = {identifier: option.language for identifier, option in options.items()}
        reached = [each for key, each in options.items() if self.voices[each.name.lower()] == key]
        self.offer = VoiceOffer(tuple(reached), _variants(data))
        self._deliver: Callable[[bytes], bool] | None = None
        self._callback = _Callback(self._on_sound)  # must live as long as the library may call it
        self._library.espeak_SetSynthCallback(self._callback)

    @staticmethod
    def shared() -> "EspeakLibrary":
        """Return the process's library, loaded on first use (about 60 ms). Raises ProviderError."""
        with _LOCK:
            return _load()

    def speak(
        self, text: str, *, voice: str, words_per_minute: int, deliver: Callable[[bytes], bool]
    ) -> None:
        """Hand the sound of `text` to `deliver` (s16 mono PCM) until it returns False.

        `voice` is an identifier out of `voices`, with or without "+variant". Blocks while the
        library is in use. Raises ProviderError.
        """
        encoded = text.encode("utf-8", "replace")
        with _LOCK:
            self._deliver = deliver
            try:
                _check(self._library.espeak_SetVoiceByName(voice.encode()), f"voice {voice}")
                _check(self._library.espeak_SetParameter(_RATE, words_per_minute, 0), "rate")
                _check(
                    self._library.espeak_Synth(
                        encoded, len(encoded) + 1, 0, 0, 0, _UTF8, None, None
                    ),
                    "synthesis",
                )
            finally:
                self._deliver = None

    def _on_sound(self, samples: int | None, count: int, events: int | None) -> int:
        if not samples or not count or self._deliver is None:
            return _CONTINUE
        return _CONTINUE if self._deliver(ctypes.string_at(samples, count * 2)) else _ABORT


@cache
def _load() -> EspeakLibrary:
    return EspeakLibrary()


def _initialised() -> tuple[Any, int, Path]:
    try:
        import espeakng_loader

        library = ctypes.CDLL(espeakng_loader.get_library_path())
        data = espeakng_loader.get_data_path()
    except (ImportError, OSError, RuntimeError) as error:
        raise _failure(f"cannot be loaded: {error}") from error
    library.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(_Voice))
    library.espeak_Synth.argtypes = (
        *(ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint, ctypes.c_int, ctypes.c_uint),
        *(ctypes.c_uint, ctypes.c_void_p, ctypes.c_void_p),
    )
    sample_rate = library.espeak_Initialize(_SYNCHRONOUS, BUFFER_MS, data.encode(), _DONT_EXIT)
    if sample_rate <= 0:
        raise _failure(f"cannot read {data} (a path over 150 characters is too long for it)")
    return library, sample_rate, Path(data)


def _voices(library: Any) -> dict[str, str]:
    ranked: dict[str, tuple[int, str]] = {}
    for voice in _listed(library):
        identifier = voice.identifier.decode()
        keys = [(0, identifier), (0, voice.name.decode()), *_languages(voice.languages)]
        for rank, key in keys:
            known = ranked.get(key.lower())
            if known is None or rank < known[0]:
                ranked[key.lower()] = (rank, identifier)
    return {key: identifier for key, (_, identifier) in ranked.items()}


def _listed(library: Any) -> Iterator[Any]:
    listed = library.espeak_ListVoices(None)
    index = 0
    while listed[index]:
        yield listed[index].contents
        index += 1


def _option(voice: Any, voices: Mapping[str, str]) -> VoiceOption:
    """Name a voice by its best language, or by the first one that leads to it and no other."""
    identifier, ranked = voice.identifier.decode(), _languages(voice.languages)
    language = min(ranked)[1]
    own = [tag for _, tag in ranked if voices[tag.lower()] == identifier]
    name = language if language in own else next(iter(own), language)
    return VoiceOption(name=name, language=language, label=voice.name.decode())


def _variants(data: Path) -> tuple[str, ...]:
    """Return the names of the speakers that any voice can take on."""
    names = (path.name for path in (data / "voices" / "!v").iterdir())
    return tuple(sorted(name for name in names if _VARIANT.fullmatch(name)))


def _languages(address: int) -> list[tuple[int, str]]:
    """Read a run of (priority byte, C string) that a zero byte ends; the lowest number is best."""
    languages = []
    while priority := ctypes.string_at(address, 1)[0]:
        name = ctypes.string_at(address + 1)
        languages.append((priority, name.decode()))
        address += len(name) + 2
    return languages


def _check(status: int, what: str) -> None:
    if status != 0:
        raise _failure(f"{what} failed with status {status}")


def _failure(detail: str) -> ProviderError:
    return ProviderError(f"eSpeak: {detail}", provider="espeak", user_message=_CANNOT_SPEAK)
