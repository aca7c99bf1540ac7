import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
HEAVY = {"numpy", "openai", "httpx2", "av", "torch", "onnxruntime"}


def test_nothing_heavy_is_imported_before_the_gateway_is_reached() -> None:
    """Such libraries are imported in a thread, once the bot is connected."""
    code = "import sys, bot; print(*{name.partition('.')[0] for name in sys.modules})"
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert set(found.stdout.split()) & HEAVY == set()
