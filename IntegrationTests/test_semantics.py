"""What code means: errors and their places, time zones, TypeScript."""

from __future__ import annotations

import shutil

import pytest
from raw_client import Server

ESBUILD = shutil.which("esbuild")

TYPES = """\
interface Point { x: number; y: number }
enum Color { Red, Green = 'g' }
const add = (a: number, b?: number): number => {
  return (
    a + (b ?? 0)
  );
};
class Box<T> {
  private items: T[] = [];
  constructor(public readonly size: number) {}
  put(item: T): this { this.items.push(item); return this; }
}
const p = { x: 1, y: 2 } satisfies Point;
let text = `a ${ add(1, 2) as number } b
  c`;
"""


@pytest.fixture
def typed(start) -> Server:
    if ESBUILD is None:
        pytest.skip("ESBUILD IS NOT INSTALLED: TypeScript is not tried")
    return start("--in-memory")


def test_a_wait_without_end_is_told_with_its_place(memory):
    error = memory.run("async function f() {\n  await new Promise(() => {});\n}\nawait f()").error
    assert error["kind"] == "timeout"
    assert "It waits at run_js:2:3, run_js:4:1." in error["message"]


@pytest.mark.parametrize("code", ["import x from 'y'", "await import('y')", "require('y')"])
def test_modules_are_errors_with_a_place(memory, code):
    error = memory.run(code).error
    assert error["line"] == 1
    if "import(" in code:
        assert "there are no modules here" in error["message"]


def test_a_name_is_declared_again_in_the_same_way_only(memory):
    memory.run("const a = 1", heap="h")
    assert memory.run("let a = 2", heap="h").kind == "syntax"
    assert memory.run("const a = 3; a", heap="h").value == 3


def test_rejections_and_timers_belong_to_their_run(memory):
    assert memory.run("Promise.reject(new Error('lost')); 1").error["message"] == "lost"
    late = memory.run("setTimeout(() => { throw new Error('late') }, 2); 1")
    assert late.error["message"] == "late"


def test_frames_name_the_runs_that_defined_functions(memory):
    memory.run("function fails() {\n  throw new Error('x')\n}", heap="h")
    stack = memory.run("\nfails()", heap="h").error["stack"]
    assert stack == "Error: x\n    at fails (run_js#1:2:9)\n    at run_js#2:2:1"


@pytest.mark.parametrize("code, frame", [
    ("let a = {};\n\ta.b.c", "run_js:2\n\ta.b.c\n\t    ^"),
    ("1;\r\nlet a = ;", "run_js:2\nlet a = ;\n        ^"),
    ("f(1,", "run_js:1\nf(1,\n    ^"),
    ("new TextDecoder('nothing')",
     "run_js:1\nnew TextDecoder('nothing')\n^"),
    ("[].toSorted(1)", "run_js:1\n[].toSorted(1)\n   ^"),
    ("throw Error('😀', null, x)", "run_js:1\nthrow Error('😀', null, x)\n                       ^"),
    ("eval('null.x\\n//# sourceURL=mine')", "mine:1\nnull.x\n     ^"),
])
def test_an_error_shows_the_code(memory, code, frame):
    result = memory.run(code)
    assert result.error["code_frame"] == frame
    assert frame in result.text and result.text.startswith(result.error["name"])


def test_the_code_of_earlier_runs_is_shown_across_restarts(start, directory):
    with start("--directory-path", directory) as server:
        server.run("const f = value => {\n  return value.a.b;\n};", heap="h")
        server.run("const g = () => f({});" + " " * 1000 + "// long", heap="h")
    error = start("--directory-path", directory).run("\ng()", heap="h").error
    assert error["code_frame"] == "run_js#1:2\n  return value.a.b;\n                 ^"
    assert "line" not in error, "it is not in the code as given"


def test_a_long_line_is_shown_in_part(memory):
    error = memory.run("'" + "x" * 500_000 + "'; null.y; '" + "z" * 300_000 + "'").error
    header, line, mark = error["code_frame"].split("\n")
    assert len(line) < 200 and line.startswith("… x") and line.endswith("z …")
    assert line[mark.index("^"):].startswith("y;") and error["column"] == 500_010


def test_random_numbers_differ_in_every_run_on_a_version(memory):
    memory.run("Math.random()", heap="h")
    drawn = {memory.run("Math.random()", heap="h", save=False).value for _ in range(4)}
    assert len(drawn) == 4


ZONE = """[new Date(0).getHours(), Intl.DateTimeFormat().resolvedOptions().timeZone,
 String(new Date(0)).slice(16)]"""


def test_the_time_zone_is_utc_whatever_the_server_has(start):
    server = start("--in-memory", env={"TZ": "Asia/Tokyo"})
    assert server.run(ZONE).value == [0, "UTC", "00:00:00 GMT+0000 (Coordinated Universal Time)"]


def test_the_time_zone_can_be_chosen(start):
    server = start("--in-memory", "--time-zone", "America/New_York")
    expected = [19, "America/New_York", "19:00:00 GMT-0500 (Eastern Standard Time)"]
    assert server.run(ZONE).value == expected
    assert server.run(ZONE, heap="h").value == expected


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc/passwd"])
def test_an_unknown_time_zone_is_refused(start, zone):
    server = start("--in-memory", "--time-zone", zone)
    assert server.process.wait(10) != 0
    assert zone in server.stderr()


def test_types_are_stripped(typed):
    last = "[add(1), new Box<Point>(3).put(p).size, Color.Green, text] as const"
    result = typed.run(TYPES + last, heap="h")
    assert result.value == [1, 3, "g", "a 3 b\n  c"]
    assert typed.run("add(5, 6)", heap="h").value == 11
    assert typed.run("const n: number = 5; n", language="ts").value == 5


def test_types_are_in_the_code_that_is_shown(typed):
    error = typed.run("const a: number = 1;\nconst f = (x: any): any => x.y.z; f({})").error
    assert error["code_frame"].splitlines()[1] == "const f = (x: any): any => x.y.z; f({})"
    error = typed.run("const a: = 1", language="ts").error
    assert error["code_frame"].splitlines()[1] == "const a: = 1"


@pytest.mark.parametrize("code, place", [
    ("const a: number = 1;\n\n\n    throw new Error('x') as any;", (4, 11)),
    ("type A = {\n  b: string\n};\nfunction f(a: A): never { throw new Error(a.b) }\n"
     "  f({ b: 'x' } as A)", (4, 33)),
    ("const f = (a?: number): number => {\n  return (\n    g(a!)\n  );\n};\n"
     "function g(a: number): number {\n  throw new Error('x')\n}\nf(1)", (7, 9)),
])
def test_positions_stay_those_of_the_given_code(typed, code, place):
    error = typed.run(code).error
    assert f":{place[0]}:{place[1]}" in error["stack"].splitlines()[1]
    assert (error["line"], error["column"]) in [place, (place[0], place[1] - 6)]


def test_what_is_wrong_as_typescript_too_is_told_of_the_code(typed):
    assert typed.run("let a = ;").error["message"] == "Unexpected token ';'"
    error = typed.run("let a: = 5;\n", language="ts").error
    assert (error["kind"], error["line"], error["column"]) == ("syntax", 1, 8)


def test_javascript_is_not_stripped_where_it_is_said_to_be_that(typed):
    assert typed.run("let a: number = 5", language="js").kind == "syntax"


def test_a_heap_is_as_before_where_types_cannot_be_stripped(typed):
    typed.run("let n = 1", heap="h")
    assert typed.run("n = 2; let a: = 5", heap="h").kind == "syntax"
    assert typed.run("n", heap="h").value == 1


def test_hostile_typescript_ends_in_time(typed):
    nested = "const a: number = " + "(" * 200_000 + "1" + ")" * 200_000
    assert typed.run(nested, seconds=60).is_error
    wide = "const a: number = 1;\n" + "x = [" + "{a:1}," * 100_000 + "].length"
    assert typed.run(wide, seconds=60).value == 100_000


def test_without_esbuild_typescript_is_explained(start):
    server = start("--in-memory", "--esbuild", "none")
    assert "no esbuild to strip its types with" in server.run("let a: number = 5").error["message"]
    assert server.run("let a = ;").error["message"] == "Unexpected token ';'"
    failure = server.run("let a: number = 5", language="ts").error
    assert failure["kind"] == "invalid" and "no esbuild" in failure["message"]
    assert server.run("1 + 1").value == 2


def test_an_esbuild_that_does_not_work_is_named(start):
    server = start("--in-memory", "--esbuild", "/bin/false")
    error = server.run("let a: number = 5", language="ts").error
    assert "esbuild failed with exit code 1" in error["message"]


def test_an_esbuild_that_is_not_there_stops_the_start(start):
    server = start("--in-memory", "--esbuild", "/nowhere/esbuild")
    assert server.process.wait(10) != 0
    assert "--esbuild" in server.stderr()


def test_types_that_are_not_stripped_in_time_are_a_timeout(typed):
    # No esbuild starts within a millisecond.
    error = typed.run("const n: number = 5; n", language="ts", timeout_ms=1).error
    assert error["kind"] == "timeout" and "longer timeout" in error["message"], error
