# SPDX-License-Identifier: Apache-2.0
"""What SARIF 2.1.0 (OASIS, sections 3.13 to 3.52) asks of the objects we write.

Members that are not in these tables are refused, so that a member that is
misspelt is no silent one.
"""
import re

LEVELS = {"none", "note", "warning", "error"}
# RFC 3986, without the blanks and controls that paths have
URI = re.compile(r"^[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+$")


def text(value):
    assert isinstance(value, str) and value, value


def message(value):
    members(value, {"text": text}, {"text"})


def line(value):
    assert isinstance(value, int) and not isinstance(value, bool), value
    assert value >= 1, value


def uri(value):
    assert URI.match(value), value
    assert not re.search(r"%(?![0-9A-F]{2})", value), value


def flag(value):
    assert isinstance(value, bool), value


def anything(_):
    pass


def one_of(words):
    def test(value):
        assert value in words, value
    return test


def each(test):
    def all_of(value):
        assert isinstance(value, list), value
        for v in value:
            test(v)
    return all_of


def members(value, tests, needed):
    assert isinstance(value, dict), value
    missing = needed - value.keys()
    assert not missing, (missing, value)
    for key, v in value.items():
        assert key in tests, f"unknown member {key}"
        tests[key](v)


def a(tests, *needed):
    return lambda value: members(value, tests, set(needed))


location = a({
    "physicalLocation": a({
        "artifactLocation": a({"uri": uri}, "uri"),
        "region": a({"startLine": line}, "startLine"),
    }, "artifactLocation"),
    "logicalLocations": each(a({"name": text})),
})
rule = a({"id": text, "shortDescription": message, "help": message}, "id")
result = a({
    "ruleId": text,
    "ruleIndex": lambda v: line(v + 1),
    "level": one_of(LEVELS),
    "message": message,
    "locations": each(location),
    "suppressions": each(a({"kind": one_of({"inSource", "external"}),
                            "justification": text}, "kind")),
    "properties": anything,
}, "message")
run = a({
    "tool": a({"driver": a({"name": text, "version": text,
                            "rules": each(rule)}, "name")}, "driver"),
    "invocations": each(a({"executionSuccessful": flag},
                          "executionSuccessful")),
    "results": each(result),
}, "tool")
log = a({"$schema": uri, "version": one_of({"2.1.0"}), "runs": each(run)},
        "version", "runs")


def check(sarif):
    """The only run of a log that is as the standard wants it."""
    log(sarif)
    assert len(sarif["runs"]) == 1
    rules = sarif["runs"][0]["tool"]["driver"]["rules"]
    ids = [r["id"] for r in rules]
    assert len(set(ids)) == len(ids)
    for r in sarif["runs"][0]["results"]:
        assert ids[r["ruleIndex"]] == r["ruleId"]
    return sarif["runs"][0]
