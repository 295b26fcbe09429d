/// An element of the XML that AWS answers with: enough of the language to read that, and bounded.
struct XMLElement: Sendable {
    private static let depthMax = 16
    private static let elementCountMax = 100_000

    var name: String
    var text = ""
    var children: [XMLElement] = []

    /// Reads a document; nil if it is none.
    init?(_ bytes: [UInt8]) {
        var reader = Reader(rest: bytes[...])
        guard let root = reader.document() else { return nil }
        self = root
    }

    private init(name: String) { self.name = name }

    /// The first element of this name, at any depth.
    func first(_ name: String) -> XMLElement? {
        if self.name == name { return self }
        for child in children {
            if let found = child.first(name) { return found }
        }
        return nil
    }

    /// The text of a child; nil if there is no such child.
    func text(of child: String) -> String? {
        children.first { $0.name == child }?.text
    }

    private struct Reader {
        var rest: ArraySlice<UInt8>
        var elementCount = 0

        mutating func document() -> XMLElement? {
            while skipBlanks(), let mark = tag() {
                switch mark {
                case .other: continue
                case .start(let name): return element(name, depth: 0)
                case .empty(let name): return XMLElement(name: name)
                case .end: return nil
                }
            }
            return nil
        }

        private enum Tag {
            case start(String)
            case end(String)
            case empty(String)
            /// A declaration, a comment or an instruction.
            case other
        }

        private mutating func element(_ name: String, depth: Int) -> XMLElement? {
            elementCount += 1
            guard depth < depthMax, elementCount <= elementCountMax else { return nil }
            var result = XMLElement(name: name)
            var text: [UInt8] = []
            while let first = rest.first {
                if first != UInt8(ascii: "<") {
                    let end = rest.firstIndex(of: UInt8(ascii: "<")) ?? rest.endIndex
                    text += rest[..<end]
                    rest = rest[end...]
                    continue
                }
                switch tag() {
                case .start(let child)?:
                    guard let child = element(child, depth: depth + 1) else { return nil }
                    result.children.append(child)
                case .empty(let child)?: result.children.append(XMLElement(name: child))
                case .end(let ended)?:
                    guard ended == name else { return nil }
                    result.text = Self.decoded(text)
                    return result
                case .other?: continue
                case nil: return nil
                }
            }
            return nil
        }

        private mutating func skipBlanks() -> Bool {
            // A mark of the byte order may come first.
            let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
            rest = rest.drop { $0 == 32 || (9...13).contains($0) || mark.contains($0) }
            return rest.first == UInt8(ascii: "<")
        }

        /// Reads what stands in angle brackets.
        private mutating func tag() -> Tag? {
            guard let end = rest.firstIndex(of: UInt8(ascii: ">")) else { return nil }
            let content = String(decoding: rest[(rest.startIndex + 1)..<end], as: UTF8.self)
            rest = rest[(end + 1)...]
            if content.hasPrefix("?") || content.hasPrefix("!") { return .other }
            let isEnd = content.hasPrefix("/")
            let isEmpty = content.hasSuffix("/")
            let words = content.split { $0.isWhitespace || $0 == "/" }
            guard let word = words.first else { return nil }
            let name = String(word.split(separator: ":").last ?? word)
            return isEnd ? .end(name) : isEmpty ? .empty(name) : .start(name)
        }

        private static func decoded(_ bytes: [UInt8]) -> String {
            let text = String(decoding: bytes, as: UTF8.self)
            guard text.contains("&") else { return text }
            var result = ""
            var rest = text[...]
            while let mark = rest.firstIndex(of: "&") {
                result += rest[..<mark]
                guard let end = rest[mark...].firstIndex(of: ";") else { break }
                result += character(rest[rest.index(after: mark)..<end])
                rest = rest[rest.index(after: end)...]
            }
            return result + rest
        }

        private static func character(_ name: Substring) -> String {
            switch name {
            case "amp": return "&"
            case "lt": return "<"
            case "gt": return ">"
            case "quot": return "\""
            case "apos": return "'"
            default:
                let number =
                    name.hasPrefix("#x")
                    ? UInt32(name.dropFirst(2), radix: 16)
                    : name.hasPrefix("#") ? UInt32(name.dropFirst()) : nil
                return number.flatMap(Unicode.Scalar.init).map { String($0) } ?? "&\(name);"
            }
        }
    }
}
