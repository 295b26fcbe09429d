"""Reads test262, the official tests of ECMAScript, and turns its files into code for `run_js`.

Nothing of the suite is in this repository: `suite()` tells where it is looked for.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
VARIABLE = "MCP_V8_TEST262"

HEAT_RUNS = 300
HEAT_MS_MAX = 400

# A sample of each is run; together some thousands of files.
AREAS: dict[str, str] = {
    "arguments, functions": "language/arguments-object language/function-code "
                            "language/rest-parameters",
    "arrow functions": "language/expressions/arrow-function",
    "assignment, destructuring": "language/expressions/assignment language/destructuring",
    "async functions": "language/expressions/async-function language/statements/async-function "
                       "language/expressions/await language/expressions/async-arrow-function",
    "async generators": "language/expressions/async-generator language/statements/async-generator",
    "block scope, closures": "language/block-scope language/statements/let "
                             "language/statements/const language/identifier-resolution",
    "classes, elements": "language/statements/class/elements language/expressions/class/elements",
    "classes, the rest": "language/statements/class/dstr language/statements/class/subclass "
                         "language/statements/class/definition language/expressions/class/dstr",
    "compound, logical operators": "language/expressions/compound-assignment "
        "language/expressions/logical-assignment language/expressions/coalesce "
        "language/expressions/exponentiation language/expressions/optional-chaining",
    "eval": "language/eval-code",
    "function objects": "language/expressions/function language/statements/function",
    "generators": "language/expressions/generators language/statements/generators "
                  "language/expressions/yield",
    "literals, lexical": "language/literals language/asi language/comments language/white-space "
                         "language/identifiers language/types",
    "loops": "language/statements/for language/statements/for-in language/statements/while "
             "language/statements/do-while",
    "for-of, for-await": "language/statements/for-of language/statements/for-await-of",
    "object literals": "language/expressions/object",
    "operators": "language/expressions/addition language/expressions/division "
        "language/expressions/equals language/expressions/instanceof language/expressions/in "
        "language/expressions/less-than language/expressions/bitwise-and "
        "language/expressions/left-shift language/expressions/typeof language/expressions/delete",
    "super, new, calls, tagged templates": "language/expressions/super language/expressions/new "
        "language/expressions/call language/expressions/tagged-template "
        "language/expressions/template-literal language/expressions/new.target",
    "switch, try, labels": "language/statements/switch language/statements/try "
        "language/statements/labeled language/statements/break language/statements/continue",
    "Array": "built-ins/Array",
    "ArrayBuffer, DataView": "built-ins/ArrayBuffer built-ins/DataView",
    "BigInt": "built-ins/BigInt",
    "Date": "built-ins/Date",
    "Error": "built-ins/Error built-ins/NativeErrors built-ins/AggregateError",
    "Function": "built-ins/Function built-ins/GeneratorFunction built-ins/AsyncFunction",
    "Iterators and generators of the library": "built-ins/GeneratorPrototype "
        "built-ins/AsyncGeneratorPrototype built-ins/ArrayIteratorPrototype",
    "JSON": "built-ins/JSON",
    "Map, Set": "built-ins/Map built-ins/Set",
    "Math, Number": "built-ins/Math built-ins/Number",
    "Object": "built-ins/Object",
    "Promise": "built-ins/Promise",
    "Proxy, Reflect": "built-ins/Proxy built-ins/Reflect",
    "RegExp": "built-ins/RegExp",
    "String": "built-ins/String",
    "Symbol": "built-ins/Symbol",
    "TypedArray": "built-ins/TypedArray built-ins/TypedArrayConstructors",
    "WeakMap, WeakSet, WeakRef": "built-ins/WeakMap built-ins/WeakSet built-ins/WeakRef",
    "Annex B": "annexB/language annexB/built-ins",
}

# What the base heap adds to V8's own library: all of their files are run.
ADDITIONS: dict[str, str] = {
    "Array: at, findLast, findLastIndex": "built-ins/Array/prototype/at "
        "built-ins/Array/prototype/findLast built-ins/Array/prototype/findLastIndex",
    "Array: toReversed, toSorted, toSpliced, with": "built-ins/Array/prototype/toReversed "
        "built-ins/Array/prototype/toSorted built-ins/Array/prototype/toSpliced "
        "built-ins/Array/prototype/with",
    "Array.fromAsync": "built-ins/Array/fromAsync",
    "ArrayBuffer: transfer, detached": "built-ins/ArrayBuffer/prototype/transfer "
        "built-ins/ArrayBuffer/prototype/transferToFixedLength "
        "built-ins/ArrayBuffer/prototype/detached",
    "Error.isError": "built-ins/Error/isError",
    "Iterator helpers": "built-ins/Iterator",
    "Math.sumPrecise": "built-ins/Math/sumPrecise",
    "Object.groupBy, Map.groupBy": "built-ins/Object/groupBy built-ins/Map/groupBy",
    "Object.hasOwn": "built-ins/Object/hasOwn",
    "Promise: withResolvers, try": "built-ins/Promise/withResolvers built-ins/Promise/try",
    "RegExp.escape": "built-ins/RegExp/escape",
    "Set methods": "built-ins/Set/prototype/union built-ins/Set/prototype/intersection "
        "built-ins/Set/prototype/difference built-ins/Set/prototype/symmetricDifference "
        "built-ins/Set/prototype/isSubsetOf built-ins/Set/prototype/isSupersetOf "
        "built-ins/Set/prototype/isDisjointFrom",
    "String: at, isWellFormed, toWellFormed": "built-ins/String/prototype/at "
        "built-ins/String/prototype/isWellFormed built-ins/String/prototype/toWellFormed",
    "TypedArray: at, findLast, toReversed, toSorted, with": "built-ins/TypedArray/prototype/at "
        "built-ins/TypedArray/prototype/findLast built-ins/TypedArray/prototype/findLastIndex "
        "built-ins/TypedArray/prototype/toReversed built-ins/TypedArray/prototype/toSorted "
        "built-ins/TypedArray/prototype/with",
    "Uint8Array: base64, hex": "built-ins/Uint8Array",
    "Map, WeakMap: getOrInsert": "built-ins/Map/prototype/getOrInsert "
        "built-ins/Map/prototype/getOrInsertComputed built-ins/WeakMap/prototype/getOrInsert "
        "built-ins/WeakMap/prototype/getOrInsertComputed",
}

# What test262's own host object would have to offer, and a script here has not.
_HOST_ONLY = re.compile(
    r"\$262\.(createRealm|agent|evalScript|gc|IsHTMLDDA|AbstractModuleSource)|\$262\b(?!\.)")

_FLAGS_NOT_RUN = {"module", "CanBlockIsFalse", "CanBlockIsTrue"}
# V8 has these only in runs without a heap.
_FEATURES_NOT_RUN = {"SharedArrayBuffer", "Atomics"}

_PRELUDE = """\
var print = text => console.log(`${text}`);
var $262 = {
    global: globalThis,
    detachArrayBuffer(buffer) { structuredClone(buffer, {transfer: [buffer]}) },
};
"""

_TELL = "function $tell(error) { return error?.constructor?.name + ': ' + error?.message }\n"
_CALL = """\
function $call() {
    try { $test(); return 'pass' } catch (error) { return $tell(error) }
}
"""
_ASYNC_CALL = """\
function $call() {
    return new Promise(resolve => {
        $DONE = error => resolve(error ? $tell(error) : 'pass');
        try { $test() } catch (error) { resolve($tell(error)) }
    });
}
"""


@dataclass(frozen=True)
class Case:
    """One file of the suite, in one of its modes."""

    name: str
    source: str
    flags: frozenset[str]
    features: frozenset[str]
    includes: tuple[str, ...]
    negative_phase: str | None
    negative_type: str | None
    root: Path

    @property
    def is_async(self) -> bool:
        return "async" in self.flags

    @property
    def is_strict(self) -> bool:
        return "onlyStrict" in self.flags

    @property
    def can_repeat(self) -> bool:
        """Whether it can be a function that is called many times."""
        return self.negative_type is None and "raw" not in self.flags

    def script(self) -> str:
        """The test as the suite wants it run: one script in a fresh realm."""
        if "raw" in self.flags:
            return self.source
        directive = '"use strict";\n' if self.is_strict else ""
        return directive + self._harness() + self.source

    def function(self) -> str:
        """The test as a function `$call` that tells how one call of it ended."""
        directive = '"use strict";\n' if self.is_strict else ""
        call = _ASYNC_CALL if self.is_async else _CALL
        test = f"function $test() {{\n{self.source}\n}}\n"
        return f"{directive}{self._harness()}\n{test}{_TELL}{call}"

    def call(self) -> str:
        """Calls what `function()` left behind once more."""
        return "await $call()" if self.is_async else "$call()"

    def heat(self) -> str:
        """Calls it until V8 has optimised what it can; tells the first ending and the last."""
        return (f"var $first = {self.call()}, $last = $first, $began = performance.now();\n"
                f"for (let i = 0; i < {HEAT_RUNS}; i++) {{\n"
                f"    if (performance.now() - $began > {HEAT_MS_MAX}) break;\n"
                f"    $last = {self.call()};\n}}\n$first + '\\n' + $last")

    def _harness(self) -> str:
        names = ["sta.js", "assert.js", *self.includes]
        if self.is_async:
            names.append("doneprintHandle.js")
        return _PRELUDE + "\n".join(_harness_file(self.root, name) for name in names) + "\n"



def suite() -> Path | None:
    """Where test262 is: $MCP_V8_TEST262, or beside the project's folder."""
    for path in (os.environ.get(VARIABLE), REPOSITORY.parent / "test262"):
        if path and (Path(path) / "harness/sta.js").is_file():
            return Path(path)
    return None


def sample(root: Path, folders: str, count_max: int) -> list[Case]:
    """At most so many cases of these folders, spread evenly, always the same ones."""
    names = _names(root, folders)
    step = max(1.0, len(names) / count_max)
    picked = [names[int(index * step)] for index in range(min(count_max, len(names)))]
    return [case for name in picked if (case := read(root, name)) is not None]


def everything(root: Path, folders: str) -> list[Case]:
    """All cases of these folders that can be run."""
    return [case for name in _names(root, folders) if (case := read(root, name)) is not None]


def file_count(root: Path, folders: str) -> int:
    """How many files there are, with those that cannot be run."""
    return len(_names(root, folders))


def _names(root: Path, folders: str) -> list[str]:
    return sorted(
        str(path.relative_to(root / "test")) for folder in folders.split()
        for path in (root / "test" / folder).rglob("*.js") if "_FIXTURE" not in path.name)


def read(root: Path, name: str) -> Case | None:
    """A case by its path below `test/`; None where it needs what no script here has."""
    source = (root / "test" / name).read_text(encoding="utf-8")
    front = _front_matter(source)
    flags = _list(front, "flags")
    features = _list(front, "features")
    if flags & _FLAGS_NOT_RUN or features & _FEATURES_NOT_RUN:
        return None
    includes = tuple(_ordered(front, "includes"))
    parts = (source, *(_harness_file(root, name) for name in includes))
    if any(_HOST_ONLY.search(part) for part in parts):
        return None
    negative = re.search(r"^negative:\n((?:  .*\n)+)", front, re.M)
    block = negative.group(1) if negative else ""
    phase, kind = re.search(r"phase: (\w+)", block), re.search(r"type: (\w+)", block)
    return Case(name, source, flags, features, includes,
                phase and phase.group(1), kind and kind.group(1), root)


def _front_matter(source: str) -> str:
    found = re.search(r"/\*---\r?\n(.*?)---\*/", source, re.S)
    return found.group(1).replace("\r\n", "\n") + "\n" if found else ""


def _list(front: str, key: str) -> frozenset[str]:
    return frozenset(_ordered(front, key))


def _ordered(front: str, key: str) -> Iterator[str]:
    """A list in either of YAML's two notations."""
    if flow := re.search(rf"^{key}:\s*\[(.*?)\]", front, re.M | re.S):
        yield from (item.strip() for item in flow.group(1).split(",") if item.strip())
    elif block := re.search(rf"^{key}:\s*\n((?:\s+- .*\n)+)", front, re.M):
        yield from (line.strip()[2:].strip() for line in block.group(1).splitlines())


@cache
def _harness_file(root: Path, name: str) -> str:
    return (root / "harness" / name).read_text(encoding="utf-8")
