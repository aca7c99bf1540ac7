"""Count tokens as a model's own tokenizer does, with js-tiktoken's tables, run by Node."""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

from services.core.types import ChatMessage

TABLES = ("o200k_base", "cl100k_base")
MESSAGE_TOKENS, OPENING_TOKENS = 4, 3
"""What OpenAI's chat format adds to each message and to the whole, by its own cookbook."""

SCRIPT = """
const [root, table] = process.argv.slice(1);
const { Tiktoken } = require(root + "/dist/lite.cjs");
const coder = new Tiktoken(require(root + "/dist/ranks/" + table + ".cjs"));
const texts = JSON.parse(require("fs").readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(texts.map((text) => coder.encode(text, [], []).length)));
"""


class TrueTokens:
    """Count with one table of the js-tiktoken package that lies at `package`."""

    def __init__(self, package: Path, table: str) -> None:
        self.table = table
        self._command = ["node", "-e", SCRIPT, str(package.resolve()), table]
        self._known: dict[str, int] = {}

    def count_all(self, requests: Sequence[Sequence[ChatMessage]]) -> list[int]:
        """Return each request's tokens."""
        texts = {message.content for request in requests for message in request}
        self._learn(sorted(texts - self._known.keys()))
        return [
            OPENING_TOKENS + sum(MESSAGE_TOKENS + self._known[each.content] for each in request)
            for request in requests
        ]

    def _learn(self, texts: list[str]) -> None:
        if not texts:
            return
        said = subprocess.run(
            self._command, input=json.dumps(texts), capture_output=True, text=True, check=True
        )
        self._known.update(zip(texts, json.loads(said.stdout), strict=True))
