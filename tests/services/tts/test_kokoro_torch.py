"""How Kokoro's model is run: on what, with how many threads, in which precision."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import pytest

from services.tts.kokoro_torch import _device, _fold_weight_norm, _multiplies_bfloat16
from tests.services.tts.kokoro_models import build_torch_model

SCRIPT = """
import sys
from pathlib import Path
import torch
from services.tts.kokoro_torch import KokoroTorch
from services.tts.worker_backend import Stop
from services.tts.worker_frames import SpeechRequest
engine = KokoroTorch(models=Path(sys.argv[1]), voice="af_heart", threads=3)
hooks = sum(len(module._forward_pre_hooks) for module in engine._model.modules())
types = []
engine._model.bert_encoder.register_forward_hook(lambda *told: types.append(told[2].dtype))
for engine._half in (True, False):
    assert list(engine.synthesize(SpeechRequest("Yes.", "", 1.0, "en"), Stop()))
print(torch.get_num_threads(), torch.get_num_interop_threads(), hooks, *types)
"""


@pytest.mark.parametrize(
    ("flags", "fit"),
    [("fpu avx512f avx512_bf16", True), ("amx_bf16 amx_tile", True), ("fpu avx512f", False)],
)
def test_bfloat16_is_used_where_the_cpu_multiplies_it(
    tmp_path: Path, flags: str, fit: bool
) -> None:
    (tmp_path / "cpuinfo").write_text(f"processor\t: 0\nflags\t\t: {flags}\n")
    assert _multiplies_bfloat16(tmp_path / "cpuinfo") is fit
    assert not _multiplies_bfloat16(tmp_path / "nothing")


@pytest.mark.parametrize(
    ("cuda", "mps", "device"),
    [(True, True, "cuda"), (True, False, "cuda"), (False, True, "mps"), (False, False, "cpu")],
)
def test_a_gpu_is_used_where_there_is_one(cuda: bool, mps: bool, device: str) -> None:
    torch = SimpleNamespace(
        cuda=SimpleNamespace(is_available=lambda: cuda),
        backends=SimpleNamespace(mps=SimpleNamespace(is_available=lambda: mps)),
    )
    assert _device(torch) == device


@pytest.mark.kokoro
@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::UserWarning")  # torch's own
@pytest.mark.skipif(not find_spec("torch"), reason="torch is not installed")
def test_without_its_norm_a_weight_does_the_same() -> None:
    import torch

    layer = torch.nn.utils.weight_norm(torch.nn.Linear(3, 2))
    model, given = torch.nn.Sequential(layer, torch.nn.ReLU()), torch.ones(3)
    before = model(given)
    _fold_weight_norm(torch, model)

    assert not layer._forward_pre_hooks
    assert torch.equal(model(given), before)


@pytest.mark.kokoro
@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::UserWarning")  # torch's own
@pytest.mark.skipif(not (find_spec("kokoro") and find_spec("torch")), reason="not installed")
def test_the_model_runs_in_few_threads_without_norms_in_the_precision_that_suits(
    tmp_path: Path,
) -> None:
    build_torch_model(tmp_path)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SCRIPT, str(tmp_path)],
        cwd=Path(__file__).parents[3],
        env={"CUDA_VISIBLE_DEVICES": ""},
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.split() == ["3", "1", "0", "torch.bfloat16", "torch.float32"]
