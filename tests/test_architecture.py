"""Hold the direction of imports and the house rules that a syntax tree can show."""

import ast
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("composition", "services", "cogs", "sandbox")
PROVIDERS = ("services.llm", "services.tts", "services.stt", "services.vad", "services.history")
STDLIB = frozenset(sys.stdlib_module_names)


def modules(*places: str) -> list[Path]:
    found = [ROOT / place for place in places if place.endswith(".py")]
    for place in places:
        found += sorted((ROOT / place).rglob("*.py"))
    return found


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def imports(path: Path) -> set[str]:
    """Return what a module imports, the names it takes from others among them."""
    found: set[str] = set()
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def within(module: str, *packages: str) -> bool:
    return any(module == package or module.startswith(package + ".") for package in packages)


def forbidden(path: Path) -> list[str]:
    """Return the imports of a module that its room may not have."""
    name, wanted = name_of(path), imports(path)
    if within(name, "services.core"):
        allowed = {*STDLIB, "anyio", "cachetools"}
        return [
            module
            for module in wanted
            if module.split(".")[0] not in allowed and not within(module, "services.core")
        ]
    if within(name, "sandbox"):
        allowed = {*STDLIB, "aiohttp", "davey", "av", "numpy", "nacl", "cryptography", "sandbox"}
        return [module for module in wanted if module.split(".")[0] not in allowed]
    return [module for module in wanted if _breaks_the_house(name, module)]


def _breaks_the_house(name: str, module: str) -> bool:
    if within(module, "sandbox", "tests", "benchmarks"):
        return True
    if name == "config":
        return within(module, "services", "cogs", "discord")
    if within(name, "services.voice"):
        return within(module, *PROVIDERS, "cogs", "config")
    if within(name, *PROVIDERS):
        own = next(package for package in PROVIDERS if within(name, package))
        inside = within(module, "services") and not within(module, "services.core", own)
        return inside or within(module, "cogs", "config", "discord")
    if within(name, "services"):
        return within(module, *PROVIDERS, "services.voice", "cogs", "config", "discord")
    if within(name, "cogs"):
        return within(module, *PROVIDERS, "config")
    return False


@pytest.mark.parametrize(
    "path", modules("bot.py", "config.py", "composition", "services", "cogs", "sandbox")
)
def test_imports_go_in_the_allowed_direction(path: Path) -> None:
    assert forbidden(path) == []


def test_the_flat_services_import_each_other_without_cycles() -> None:
    flat = {name_of(path): path for path in (ROOT / "services").glob("*.py")}
    edges = {name: imports(path) & flat.keys() for name, path in flat.items()}
    while leaves := {name for name, targets in edges.items() if not targets & edges.keys()}:
        edges = {name: targets for name, targets in edges.items() if name not in leaves}
    assert edges == {}


def test_only_the_composition_root_reads_the_settings() -> None:
    readers = [name_of(path) for path in modules("services", "cogs") if "config" in imports(path)]
    assert readers == []


@pytest.mark.parametrize("path", modules("bot.py", *ROOMS))
def test_no_task_is_started_outside_its_owners(path: Path) -> None:
    tree = tree_of(path)
    dropped = [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call)
        and ast.unparse(node.value.func) in ("asyncio.create_task", "asyncio.ensure_future")
    ]
    assert dropped == []


@pytest.mark.parametrize("path", modules(*ROOMS))
def test_no_module_keeps_state(path: Path) -> None:
    """A module's own names are constants, loggers, types and context variables."""
    mutable = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)
    tree = tree_of(path)
    assigned = [node for node in tree.body if isinstance(node, ast.Assign)]
    names = [ast.unparse(node.targets[0]) for node in assigned if isinstance(node.value, mutable)]
    assert [name for name in names if not name.isupper()] == []
    assert not any(isinstance(node, ast.Global) for node in ast.walk(tree))


@pytest.mark.parametrize(
    "path", modules("bot.py", "config.py", "composition", "services", "cogs", "sandbox")
)
def test_files_and_functions_stay_readable(path: Path) -> None:
    source = path.read_text()
    assert source.count("\n") <= 400
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
            assert node.end_lineno - node.lineno < 60, f"{path}: {node.name}"
