"""Where a table, a key, an element stands, however it is written."""

from __future__ import annotations

import tomllib

import pytest

from workers.config.toml_lines import lines

WRITTEN = """# a comment with = and [brackets]
top = 1
[[providers]]
name = "a"   # first
[[providers.models]]
name = 'x'
[[providers.models]]
name = "y"
[[providers]]
name = "b"
inline = { deep = [1, 2], other = "]" }
[rules.patterns]
en = [
  "one, [two]",  # a comma in it
  'three', "four",

  "five",
]
sql = \"\"\"
[not.a.header]
key = 5
\"\"\"
after = true
[ tenants . "a.b" ]
'quoted' = 3
cache . target = 4
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        *(("top", 2), ("providers[0]", 3), ("providers[0].name", 4), ("providers[0].models[1].name", 8)),
        *(("providers[1]", 9), ("providers[1].inline", 11), ("rules.patterns.en", 13)),
        *(("rules.patterns.en[0]", 14), ("rules.patterns.en[1]", 15), ("rules.patterns.en[2]", 15)),
        *(("rules.patterns.en[3]", 17), ("rules.patterns.sql", 19), ("rules.patterns.after", 23)),
        *(("tenants.a.b", 24), ("tenants.a.b.quoted", 25), ("tenants.a.b.cache.target", 26)),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_where_it_stands(path: str, line: int, end: str) -> None:
    text = WRITTEN.replace("\n", end)
    tomllib.loads(text)
    assert lines(text)[path] == line


def test_what_stands_in_a_text_is_no_key() -> None:
    found = lines(WRITTEN)
    assert not [path for path in found if "not.a" in path or path.endswith("key")]


@pytest.mark.parametrize("mark", ["\u2028", "\u0085", "\u000b", "\x1c"])
def test_only_a_line_feed_ends_a_line(mark: str) -> None:
    assert lines(f"# one{mark}two\na = 1\n")["a"] == 2


@pytest.mark.parametrize("text", ["", "\n", "a", "=", '"""', "a = [", "[", "a = '''x", 'a = "x\n'])
def test_what_is_no_toml_ends_too(text: str) -> None:
    assert isinstance(lines(text), dict)
