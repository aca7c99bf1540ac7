import contextlib
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final

from services.tts.kokoro_files import CONFIG, VOICES, WEIGHTS
from services.tts.kokoro_phonemes import Phonemes
from services.tts.kokoro_sound import pcm
from services.tts.kokoro_voices import Blend, choose, leading
from services.tts.worker_backend import RefusedError, Stop
from services.tts.worker_frames import SpeechRequest

_REPOSITORY: Final = "hexgrad/Kokoro-82M"
_MAX_BLENDS: Final = 64


class KokoroTorch:
    """Run Kokoro in torch, on a GPU where there is one; only ever inside a worker process."""

    sample_rate = 24_000

    def __init__(self, *, models: Path, voice: str, threads: int) -> None:
        import torch
        from kokoro.model import KModel

        torch.set_num_threads(threads)
        torch.set_num_interop_threads(1)
        self._torch = torch
        self._device = _device(torch)
        self._half = self._device == "cpu" and _multiplies_bfloat16()
        model = KModel(
            repo_id=_REPOSITORY, config=str(models / CONFIG), model=str(models / WEIGHTS)
        )
        _fold_weight_norm(torch, model)
        self._model = model.eval().to(self._device)
        self._stop = Stop()
        torch.nn.modules.module.register_module_forward_pre_hook(lambda *_: self._stop.check())
        self._files = {path.stem: path for path in sorted((models / VOICES).glob("*.pt"))}
        self._packs: dict[Blend, Any] = {}
        self._voice = voice
        self._phonemes = Phonemes()
        self.voices = list(self._files)

    def synthesize(self, request: SpeechRequest, stop: Stop) -> Iterator[bytes]:
        """Yield the PCM of a text, one run of phonemes after the other; stops within one layer."""
        self._stop = stop
        blend = choose(
            request.voice, default=self._voice, language=request.language, known=self._files
        )
        style = self._pack(blend)
        for phonemes in self._phonemes.of(request.text, request.language, leading(blend)):
            stop.check()
            with self._precision():
                sound = self._model(phonemes, style[len(phonemes) - 1], request.speed)
            yield pcm(sound.float().numpy())

    def _pack(self, blend: Blend) -> Any:
        if blend not in self._packs:
            if len(self._packs) >= _MAX_BLENDS:
                self._packs.clear()
            shares = [self._loaded(voice) * share for voice, share in blend]
            self._packs[blend] = self._torch.stack(shares).sum(0).to(self._device)
        return self._packs[blend]

    def _loaded(self, voice: str) -> Any:
        with _refused_when_damaged(voice):
            return self._torch.load(self._files[voice], weights_only=True, map_location="cpu")

    def _precision(self) -> AbstractContextManager[Any]:
        if not self._half:
            return contextlib.nullcontext()
        autocast: AbstractContextManager[Any] = self._torch.autocast(
            "cpu", dtype=self._torch.bfloat16
        )
        return autocast


@contextlib.contextmanager
def _refused_when_damaged(voice: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        raise RefusedError(f"the voice {voice} cannot be read") from error


def _device(torch: Any) -> str:
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _multiplies_bfloat16(path: Path = Path("/proc/cpuinfo")) -> bool:
    """Tell whether the CPU has instructions for it; without them it is slower than float32."""
    try:
        flags = path.read_text()
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags


def _fold_weight_norm(torch: Any, model: Any) -> None:
    """Compute normalised weights once instead of in every call: 200-300 MB less."""
    from torch.nn.utils.weight_norm import WeightNorm

    for module in model.modules():
        hooks: Mapping[int, Any] = module._forward_pre_hooks
        for norm in [hook for hook in hooks.values() if isinstance(hook, WeightNorm)]:
            torch.nn.utils.remove_weight_norm(module, norm.name)
