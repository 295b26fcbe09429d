import MCP

/// The text of a configuration file: JSON in which comments and commas before a closing bracket are
/// allowed, as in the files of editors.
///
/// It knows on which line each member begins, and which name stands twice in one object: a parser
/// would keep the last one and say nothing.
struct ConfigurationText {
    /// Plain JSON: comments are blanks, and every other byte is where it was.
    private(set) var json: [UInt8]
    /// The line of each member, from 1, by its path.
    private(set) var lines: [String: Int] = [:]
    /// Members that have a namesake before them in the same object.
    private(set) var duplicates: [(path: String, line: Int)] = []

    private enum Level {
        /// With the path of the object, and the names seen so far.
        case object(path: String, names: Set<String>, isName: Bool)
        case array(path: String, index: Int)
    }

    private static let depthMax = 64
    private static let memberCountMax = 20_000

    private var position = 0
    private var line = 1
    private var levels: [Level] = []
    /// The path of the value that comes next.
    private var path = ""
    /// A comma after which nothing but blanks has come yet.
    private var lastComma: Int?

    init(_ bytes: [UInt8]) {
        json = bytes.withoutByteOrderMark
        while position < json.count, levels.count <= Self.depthMax,
            lines.count <= Self.memberCountMax
        {
            step()
        }
    }

    /// Where a path is, for people.
    func place(_ path: String) -> String {
        lines[path].map { "line \($0), \(path)" } ?? (path.isEmpty ? "the file" : path)
    }

    /// The line and column of a byte, both from 1.
    func place(ofByte offset: Int) -> String {
        let before = json.prefix(offset)
        let line = before.count { $0 == 0x0A } + 1
        let column = before.reversed().prefix { $0 != 0x0A }.count + 1
        return "line \(line), column \(column)"
    }

    private mutating func step() {
        switch json[position] {
        case 0x0A:
            line += 1
            position += 1
        case 0x20, 0x09, 0x0D: position += 1
        case UInt8(ascii: "/") where next == UInt8(ascii: "/"): blank { $0 == 0x0A }
        case UInt8(ascii: "/") where next == UInt8(ascii: "*"): blankComment()
        case let byte: token(byte)
        }
    }

    private var next: UInt8? { position + 1 < json.count ? json[position + 1] : nil }

    private mutating func blank(until isEnd: (UInt8) -> Bool) {
        while position < json.count, !isEnd(json[position]) {
            json[position] = 0x20
            position += 1
        }
    }

    private mutating func blankComment() {
        var previous: UInt8 = 0
        // The star that opens it does not close it.
        let opening = position + 1
        while position < json.count {
            let byte = json[position]
            if byte == 0x0A { line += 1 } else { json[position] = 0x20 }
            position += 1
            if previous == UInt8(ascii: "*"), byte == UInt8(ascii: "/"), position - 2 > opening {
                return
            }
            previous = byte
        }
    }

    private mutating func token(_ byte: UInt8) {
        if byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]"), let comma = lastComma {
            json[comma] = 0x20
        }
        lastComma = nil
        switch byte {
        case UInt8(ascii: "{"):
            levels.append(.object(path: path, names: [], isName: true))
        case UInt8(ascii: "["):
            levels.append(.array(path: path, index: 0))
            path += "[0]"
        case UInt8(ascii: "}"), UInt8(ascii: "]"): _ = levels.popLast()
        case UInt8(ascii: ","):
            lastComma = position
            beginNext()
        case UInt8(ascii: "\""):
            let text = string()
            name(text)
            return
        default: break
        }
        position += 1
    }

    private mutating func beginNext() {
        guard let level = levels.popLast() else { return }
        switch level {
        case .object(let path, let names, _):
            levels.append(.object(path: path, names: names, isName: true))
        case .array(let path, let index):
            levels.append(.array(path: path, index: index + 1))
            self.path = "\(path)[\(index + 1)]"
        }
    }

    /// Passes a string and returns its text, with escapes as they are.
    private mutating func string() -> String {
        let start = position + 1
        position += 1
        while position < json.count, json[position] != UInt8(ascii: "\"") {
            if json[position] == 0x0A { line += 1 }
            position += json[position] == UInt8(ascii: "\\") ? 2 : 1
        }
        position += 1
        return String(
            decoding: json[start..<max(start, min(position - 1, json.count))], as: UTF8.self)
    }

    private mutating func name(_ text: String) {
        guard case .object(let parent, var names, isName: true)? = levels.last else { return }
        path = parent.isEmpty ? text : "\(parent).\(text)"
        if !names.insert(text).inserted { duplicates.append((path, line)) }
        lines[path] = line
        levels[levels.count - 1] = .object(path: parent, names: names, isName: false)
    }
}
