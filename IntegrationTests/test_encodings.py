"""`TextDecoder` of wide encodings, against the codecs of Python: an implementation of its own."""

from __future__ import annotations

import json

import pytest

# By label: the codec, and what may differ: the standard has newer or Microsoft's characters there.
# Of GB 18030 those are the 20 that were private characters until its edition of 2022.
CODECS = {
    "gbk": ("gb18030", 20), "gb18030": ("gb18030", 20), "big5": ("big5hkscs", 200),
    "euc-kr": ("cp949", 0), "shift_jis": ("cp932", 0), "euc-jp": ("euc_jp", 10),
}
TEXTS = [
    ("shift_jis", "日本語テキスト、ｶﾅ 12"), ("euc-jp", "日本語テキスト、ｶﾅ"), ("gbk", "简体中文，测试"),
    ("gb18030", "简体😀 ü"), ("big5", "繁體中文，測試"), ("euc-kr", "한국어 각하"),
    ("iso-2022-jp", "ASCII と 日本語 です"),
]


@pytest.fixture
def server(memory):
    memory.initialize()
    return memory


@pytest.mark.parametrize("label", CODECS)
def test_every_pair_of_bytes(server, label):
    codec, differing_max = CODECS[label]
    code = f"""
        const decoder = new TextDecoder('{label}', {{ fatal: true }}), found = [];
        for (let first = 0x80; first < 256; first++) {{
            for (let last = 0x30; last < 256; last++) {{
                try {{
                    const text = decoder.decode(new Uint8Array([first, last]));
                    found.push([first, last, text]);
                }} catch {{}}
            }}
        }}
        globalThis.found = found; found.length"""
    count = server.run(code, heap="h").value
    decoded = {}
    for start in range(0, count, 3000):
        part = server.run(f"found.slice({start}, {start + 3000})", heap="h").value
        decoded |= {bytes(pair): text for *pair, text in part}
    expected = {}
    for pair in (bytes([first, last]) for first in range(0x80, 256) for last in range(0x30, 256)):
        try:
            expected[pair] = pair.decode(codec)
        except UnicodeDecodeError:
            pass
    # What only one of them knows may be a newer or a private character; both must know most.
    both = expected.keys() & decoded.keys()
    differing = [pair for pair in both if expected[pair] != decoded[pair]]
    assert len(both) > 0.95 * len(expected), len(both) / len(expected)
    assert len(differing) <= differing_max, [(p, expected[p], decoded[p]) for p in differing[:20]]


@pytest.mark.parametrize("label, text", TEXTS)
def test_text_in_pieces_across_runs(server, label, text):
    content = json.dumps(list(text.encode(label)))
    code = f"""
        const bytes = new Uint8Array({content});
        const stream = new TextDecoder('{label}');
        let at = 0, text = '';
        const next = () => {{ text += stream.decode(bytes.slice(at, ++at), {{ stream: true }}) }};
        [new TextDecoder('{label}').decode(bytes), stream.encoding]"""
    assert server.run(code, heap="h").value == [text, label]
    for _ in range(3):
        server.run("next()", heap="h")
    code = "while (at < bytes.length) next(); text + stream.decode()"
    assert server.run(code, heap="h").value == text


@pytest.mark.parametrize("label, given, text", [
    ("shift_jis", [0x82, 0x41], "\ufffdA"), ("shift_jis", [0x82], "\ufffd"),
    ("euc-jp", [0x8f, 0xa2, 0x41], "\ufffdA"), ("gb18030", [0x81, 0x30, 0x81, 0x41], "\ufffd0丄"),
    ("gb18030", [0x81, 0x30, 0x81, 0x30], "\x80"), ("gb18030", [0x84, 0x31, 0xa4, 0x37], "\ufffd"),
    ("euc-kr", [0xff, 0x41], "\ufffdA"), ("big5", [0x88, 0x20], "\ufffd "),
    ("iso-2022-jp", [0x1b, 0x24, 0x42, 0x24, 0x22, 0x1b, 0x28, 0x42, 0x41], "あA"),
    ("iso-2022-jp", [0x1b, 0x24], "\ufffd$"), ("x-user-defined", [0x41, 0xff], "A\uf7ff"),
])
def test_what_is_wrong(server, label, given, text):
    code = f"new TextDecoder('{label}').decode(new Uint8Array({given}))"
    assert server.run(code).value == text
