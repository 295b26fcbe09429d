import Testing

@testable import Transports

@Suite("Lines")
struct LineFramerTests {
    private func frame(_ pieces: [String], byteCountMax: Int = 5) -> [String?] {
        var framer = LineFramer(byteCountMax: byteCountMax)
        let lines = pieces.flatMap { framer.append(Array($0.utf8)) } + framer.finish()
        return lines.map { line in
            switch line {
            case .message(let bytes): String(decoding: bytes, as: UTF8.self)
            case .tooLong: nil
            }
        }
    }

    @Test(
        "are cut at line feeds, wherever the pieces end",
        arguments: [
            (["a\nb\n"], ["a", "b"]), (["a", "b\n", "c", "\nd\n"], ["ab", "c", "d"]),
            (["a\r\nb\r", "\n"], ["a", "b"]), (["\n\r\n \t\r\na\n\n"], ["a"]), ([], []),
            (["a\rb\n"], ["a\rb"]), (["a\nb"], ["a", "b"]), (["a\n", ""], ["a"]),
            (["\u{FEFF}a\n"], ["a"]), (["\u{FEFF}\r\na\n"], ["a"]),
        ] as [([String], [String])])
    func cut(pieces: [String], expected: [String]) {
        #expect(frame(pieces) == expected)
    }

    @Test(
        "over the limit are told once and skipped",
        arguments: [
            (["12345\n"], ["12345"]), (["123456\nok\n"], [nil, "ok"]),
            (["123", "456", "789", "0\nok\n"], [nil, "ok"]),
            (["123456"], [nil]), (["123456\n123456\n"], [nil, nil]),
        ] as [([String], [String?])])
    func tooLong(pieces: [String], expected: [String?]) {
        #expect(frame(pieces) == expected)
    }
}

@Suite("Queue of writes")
struct WriteQueueTests {
    @Test("gives out all frames in order, in pieces", arguments: [1, 2, 3, 100])
    func order(pieceByteCount: Int) {
        var queue = WriteQueue()
        for message in ["one", "two", "three"] { queue.append(message: Array(message.utf8)) }
        var written: [UInt8] = []
        while !queue.isEmpty {
            let piece = queue.next(upTo: pieceByteCount)
            #expect(piece.count <= pieceByteCount)
            written += piece
            queue.removeFirst(piece.count)
        }
        #expect(String(decoding: written, as: UTF8.self) == "one\ntwo\nthree\n")
        #expect(queue.next(upTo: 1).isEmpty)
    }
}
