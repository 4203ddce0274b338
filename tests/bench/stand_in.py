"""A party that only takes notes: what a process needs to be one."""

CASES = []


def build(case):
    CASES.append(case["name"])
    if case["work"] == "impossible":
        raise ValueError("cannot be built\nand more")
    if case["work"] == "fatal":
        raise SystemExit("gone")
    print("what libraries print does not disturb")
    answers = case.get("answers", [1.0, 2.0])
    told = {"answers": answers, "versions": {"stand-in": "1"}, "asked": case}
    return lambda: CASES.append("run"), told
