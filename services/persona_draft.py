from dataclasses import dataclass

from services.core.errors import BotError
from services.persona import DEFAULT, WARMEST, Persona, checked
from services.voice_catalogue import VoiceCatalogue

NO_NUMBER = f"The temperature is a number from 0 (sober) to {WARMEST:g} (wild)."
EMPTY = "A persona needs a description of who I am. Nothing was kept."


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonaDraft:
    """Hold what somebody wrote into a form."""

    prompt: str
    voice: str
    language: str
    temperature: str
    greeting: str

    def made_of(self, before: Persona, catalogue: VoiceCatalogue) -> tuple[Persona, list[str]]:
        """Return a persona with what was written, and a sentence for each part that is no good.

        Such a part stays as it was before, so that nobody writes a long text twice for a voice
        that is not there. Raises BotError without a prompt, or where the whole is no persona.
        """
        if not self.prompt.strip():
            raise BotError(user_message=EMPTY)
        problems: list[str] = []
        voice, language = self._speech(before, catalogue, problems)
        values = {
            "name": before.name,
            "prompt": self.prompt.strip(),
            "voice": voice,
            "language": language,
            "temperature": self._temperature(before, problems),
            "greeting": self.greeting.strip(),
        }
        try:
            return checked(values), problems
        except ValueError as error:
            raise BotError(user_message=f"That does not make a persona: {error}.") from error

    def _speech(
        self, before: Persona, catalogue: VoiceCatalogue, problems: list[str]
    ) -> tuple[str, str]:
        """Return voice and language; a voice brings its own where none was written."""
        voice, language = before.voice, before.language
        own = ""
        try:
            option = catalogue.voice(self.voice) if self.voice.strip() else None
            voice, own = (option.name, option.language) if option else ("", "")
        except BotError as error:
            problems.append(error.user_message)
        try:
            language = catalogue.language(self.language) if self.language.strip() else own
        except BotError as error:
            problems.append(error.user_message)
        return voice, language

    def _temperature(self, before: Persona, problems: list[str]) -> float | None:
        written = self.temperature.strip().replace(",", ".")
        if not written:
            return None
        try:
            return checked({"name": DEFAULT.name, "temperature": float(written)}).temperature
        except ValueError:
            problems.append(NO_NUMBER)
            return before.temperature
