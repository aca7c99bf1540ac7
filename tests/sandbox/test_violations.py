from sandbox.violations import MAX_VIOLATIONS, Violation, Violations


def test_breaches_are_kept_announced_and_bounded() -> None:
    announced: list[Violation] = []
    violations = Violations(on_record=announced.append)
    for _ in range(MAX_VIOLATIONS + 1):
        violations.record("rule", "detail")
    kept = violations.as_json()["violations"]
    assert (len(kept), len(announced)) == (MAX_VIOLATIONS, MAX_VIOLATIONS + 1)
    assert set(kept[0]) == {"t", "rule", "detail"}
    violations.clear()
    assert violations.as_json() == {"violations": []}
