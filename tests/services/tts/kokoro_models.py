# ruff: noqa: RUF001 - phonemes look like letters
"""Models that sound like nothing, yet have Kokoro's own architecture and interfaces."""

import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

PHONEMES = ';:,.!?—…"()“” \u0303AIOQSTWYᵊabdefhijklmnopqrstuvwxyzɑɐɒæβɔɕðʤəɚɛɜɡɪɟŋɹɾʃʊʌʒʔˈˌːθᵻʣʦʧ'

CONFIG: dict[str, Any] = {
    "istftnet": {
        "upsample_kernel_sizes": [20, 12],
        "upsample_rates": [10, 6],
        "gen_istft_hop_size": 5,
        "gen_istft_n_fft": 20,
        "resblock_dilation_sizes": [[1, 3, 5], [1, 3, 5], [1, 3, 5]],
        "resblock_kernel_sizes": [3, 7, 11],
        "upsample_initial_channel": 512,
    },
    "dim_in": 64,
    "dropout": 0.2,
    "hidden_dim": 512,
    "max_conv_dim": 512,
    "max_dur": 50,
    "multispeaker": True,
    "n_layer": 3,
    "n_mels": 80,
    "n_token": 178,
    "style_dim": 128,
    "text_encoder_kernel_size": 5,
    "plbert": {
        "hidden_size": 768,
        "num_attention_heads": 12,
        "intermediate_size": 2048,
        "max_position_embeddings": 512,
        "num_hidden_layers": 12,
        "dropout": 0.1,
    },
    "vocab": {character: number for number, character in enumerate(PHONEMES, start=1)},
}
"""The configuration of Kokoro-82M, but for the numbers of the phonemes."""

FRAMES_PER_PHONEME = 3
"""Of 25 ms: 13 phonemes a second, as people speak."""


def build_torch_model(folder: Path, voices: Iterable[str] = ("af_heart", "bf_emma")) -> None:
    """Write a model whose 82 million weights are overlapping views of one small pool."""
    import torch

    generator = torch.Generator().manual_seed(1)
    pool = torch.randn(50_000, generator=generator) * 0.05
    weights = {
        part: {name: _view(pool, shape) for name, shape in shapes.items()}
        for part, shapes in _shapes().items()
    }
    predictor, decoder = weights["predictor"], weights["decoder"]
    share = FRAMES_PER_PHONEME / CONFIG["max_dur"]
    for name, value in (
        ("duration_proj.linear_layer.weight", 0.0),
        ("duration_proj.linear_layer.bias", math.log(share / (1 - share))),
        ("F0_proj.bias", 120.0),
    ):
        predictor[name] = torch.full(predictor[name].shape, value)
    gain = decoder["generator.conv_post.weight_g"]
    decoder["generator.conv_post.weight_g"] = torch.full(gain.shape, 1e-6)
    (folder / "config.json").write_text(json.dumps(CONFIG))
    torch.save(weights, folder / "kokoro-v1_0.pth")
    (folder / "voices").mkdir()
    for voice in voices:
        torch.save(torch.randn(510, 1, 256, generator=generator), folder / f"voices/{voice}.pt")


def build_onnx_model(folder: Path, voices: Iterable[str] = ("af_heart", "bf_emma")) -> None:
    """Write an ONNX model of the same interface that hums 75 ms for each phoneme."""
    (folder / "kokoro-v1.0.onnx").write_bytes(_humming_model())
    with (folder / "voices-v1.0.bin").open("wb") as file:
        np.savez(
            file, allow_pickle=False, **dict.fromkeys(voices, np.zeros((510, 1, 256), np.float32))
        )


def _shapes() -> "dict[str, dict[str, tuple[int, ...]]]":
    import torch
    from kokoro.istftnet import Decoder
    from kokoro.modules import CustomAlbert, ProsodyPredictor, TextEncoder
    from transformers import AlbertConfig

    config = CONFIG
    with torch.device("meta"):
        albert = AlbertConfig(vocab_size=config["n_token"], **CONFIG["plbert"])
        bert = CustomAlbert(albert)
        parts = {
            "bert": bert,
            "bert_encoder": torch.nn.Linear(bert.config.hidden_size, config["hidden_dim"]),
            "predictor": ProsodyPredictor(
                style_dim=config["style_dim"],
                d_hid=config["hidden_dim"],
                nlayers=config["n_layer"],
                max_dur=config["max_dur"],
                dropout=config["dropout"],
            ),
            "text_encoder": TextEncoder(
                channels=config["hidden_dim"],
                kernel_size=config["text_encoder_kernel_size"],
                depth=config["n_layer"],
                n_symbols=config["n_token"],
            ),
            "decoder": Decoder(
                dim_in=config["hidden_dim"],
                style_dim=config["style_dim"],
                dim_out=config["n_mels"],
                **CONFIG["istftnet"],
            ),
        }
    return {
        part: {name: tuple(weight.shape) for name, weight in module.state_dict().items()}
        for part, module in parts.items()
    }


def _view(pool: Any, shape: tuple[int, ...]) -> Any:
    strides = [17, 5, 3, 1][-len(shape) :] if shape else []
    needed = sum((size - 1) * stride for size, stride in zip(shape, strides, strict=True)) + 1
    assert needed <= len(pool)
    return pool.as_strided(shape, strides, storage_offset=needed * 7 % (len(pool) - needed + 1))


def _humming_model() -> bytes:
    """Encode the graph by hand (onnx.proto3): sin over 1800 samples a phoneme, slower or faster."""
    nodes = [
        _node("Shape", ["tokens"], "shape"),
        _node("Gather", ["shape", "one"], "phonemes"),
        _node("Cast", ["phonemes"], "count", to=1),
        _node("Mul", ["count", "samples"], "natural"),
        _node("Squeeze", ["speed"], "rate"),
        _node("Div", ["natural", "rate"], "length"),
        _node("Range", ["zero", "length", "step"], "time"),
        _node("Mul", ["time", "angle"], "phase"),
        _node("Sin", ["phase"], "wave"),
        _node("Mul", ["wave", "gain"], "audio"),
    ]
    constants = {"samples": 1800.0, "zero": 0.0, "step": 1.0, "angle": 0.05, "gain": 0.3}
    initializers = [_scalar("one", 7, np.int64(1).tobytes())]
    initializers += [
        _scalar(name, 1, np.float32(value).tobytes()) for name, value in constants.items()
    ]
    inputs: list[tuple[str, int, list[int | str]]]
    inputs = [("tokens", 7, [1, "n"]), ("style", 1, [1, 256]), ("speed", 1, [1])]
    graph = b"".join(_field(1, node) for node in nodes) + _field(2, b"hum")
    graph += b"".join(_field(5, tensor) for tensor in initializers)
    graph += b"".join(_field(11, _value(*value)) for value in inputs)
    graph += _field(12, _value("audio", 1, ["t"]))
    return _number(1, 8) + _field(7, graph) + _field(8, _number(2, 17))


def _node(operator: str, inputs: list[str], output: str, **attributes: int) -> bytes:
    encoded = b"".join(_field(1, name.encode()) for name in inputs) + _field(2, output.encode())
    encoded += _field(4, operator.encode())
    for name, value in attributes.items():
        encoded += _field(5, _field(1, name.encode()) + _number(3, value) + _number(20, 2))
    return encoded


def _scalar(name: str, kind: int, raw: bytes) -> bytes:
    return _number(2, kind) + _field(8, name.encode()) + _field(9, raw)


def _value(name: str, kind: int, sizes: list[int | str]) -> bytes:
    dims = b"".join(
        _field(1, _number(1, size) if isinstance(size, int) else _field(2, size.encode()))
        for size in sizes
    )
    return _field(1, name.encode()) + _field(2, _field(1, _number(1, kind) + _field(2, dims)))


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _field(field: int, payload: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(payload)) + payload


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 127:
        encoded.append(value & 127 | 128)
        value >>= 7
    return bytes([*encoded, value])
