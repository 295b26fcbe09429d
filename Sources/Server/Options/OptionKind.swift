/// What may be written behind an option, and what it means.
struct OptionKind<Value: Sendable>: Sendable {
    let shape: OptionShape
    /// Nil for what is not of this kind, or out of its range.
    let read: @Sendable (String) -> Value?
    let write: @Sendable (Value) -> String
}

/// A kind as the help, the reference and the shells' completions see it.
enum OptionShape: Hashable, Sendable {
    case flag
    case number(ClosedRange<Int>, Unit)
    case choice([String], valueName: String)
    case file
    case directory
    case url
    /// Words with commas between them.
    case list(valueName: String)
    case text(valueName: String, requirement: String)

    enum Unit: String, Sendable {
        case count = "n"
        case port
        case milliseconds = "ms"
        case seconds
        case bytes
        case mebibytes = "MiB"
    }

    /// What stands for the value in the help; nil for a flag.
    var valueName: String? {
        switch self {
        case .flag: nil
        case .number(_, let unit): unit.rawValue
        case .choice(_, let name), .list(let name), .text(let name, _): name
        case .file: "file"
        case .directory: "dir"
        case .url: "url"
        }
    }

    /// How an error goes on after "it must be".
    var requirement: String {
        switch self {
        case .flag: "true or false"
        case .number(let range, let unit):
            "a number\(unit.words) from \(range.lowerBound) to \(range.upperBound)"
        case .choice(let words, _):
            words.dropLast().joined(separator: ", ") + " or " + (words.last ?? "")
        case .file: "the path of a file"
        case .directory: "the path of a directory"
        case .url: "a URL"
        case .list: "names with commas between them"
        case .text(_, let requirement): requirement
        }
    }

    /// The range as the reference shows it; empty where there is none.
    var range: String {
        switch self {
        case .number(let range, _): "\(range.lowerBound) to \(range.upperBound)"
        case .choice(let words, _): words.map { "`\($0)`" }.joined(separator: ", ")
        case .flag, .file, .directory, .url, .list, .text: ""
        }
    }

    /// A value without what may be secret in it.
    func harmless(_ text: String) -> String {
        guard self == .url else { return text }
        return text.replacing(/\/\/[^\/?#]*@/) { _ in "//…@" }.replacing(/\?[^#]*/) { _ in "?…" }
    }
}

extension OptionShape.Unit {
    fileprivate var words: String {
        switch self {
        case .count, .port: ""
        case .milliseconds: " of milliseconds"
        case .seconds: " of seconds"
        case .bytes: " of bytes"
        case .mebibytes: " of MiB"
        }
    }
}

extension OptionKind where Value == Bool {
    static var flag: Self {
        Self(
            shape: .flag,
            read: { text in
                switch text.lowercased() {
                case "true", "1": true
                case "false", "0": false
                default: nil
                }
            }, write: { "\($0)" })
    }
}

extension OptionKind where Value == Int {
    static func count(_ range: ClosedRange<Int>) -> Self { number(range, .count) }
    static var port: Self { number(0...65_535, .port) }
    static func bytes(_ range: ClosedRange<Int>) -> Self { number(range, .bytes) }

    /// A size that is written in MiB, and is in bytes from here on.
    static func mebibytes(_ range: ClosedRange<Int>) -> Self {
        number(range, .mebibytes).mapped({ $0 << 20 }, { $0 >> 20 })
    }

    fileprivate static func number(
        _ range: ClosedRange<Int>, _ unit: OptionShape.Unit
    ) -> Self {
        Self(
            shape: .number(range, unit),
            read: { Int($0).flatMap { range.contains($0) ? $0 : nil } }, write: { "\($0)" })
    }

    fileprivate func mapped<Other>(
        _ there: @escaping @Sendable (Int) -> Other, _ back: @escaping @Sendable (Other) -> Int
    ) -> OptionKind<Other> {
        OptionKind<Other>(
            shape: shape, read: { [read] in read($0).map(there) },
            write: { [write] in write(back($0)) })
    }
}

extension OptionKind where Value == Duration {
    static func milliseconds(_ range: ClosedRange<Int>) -> Self {
        OptionKind<Int>.number(range, .milliseconds)
            .mapped({ .milliseconds($0) }, { Int($0 / .milliseconds(1)) })
    }

    static func seconds(_ range: ClosedRange<Int>) -> Self {
        OptionKind<Int>.number(range, .seconds)
            .mapped({ .seconds($0) }, { Int($0 / .seconds(1)) })
    }
}

extension OptionKind where Value == String {
    static var file: Self { path(.file) }
    static var directory: Self { path(.directory) }
    static var url: Self { Self(shape: .url, read: { $0 }, write: { $0 }) }

    /// Any text, or what is true of it.
    static func text(
        _ valueName: String, _ requirement: String = "a text",
        where isRight: @escaping @Sendable (String) -> Bool = { _ in true }
    ) -> Self {
        Self(
            shape: .text(valueName: valueName, requirement: requirement),
            read: { isRight($0) ? $0 : nil }, write: { $0 })
    }

    private static func path(_ shape: OptionShape) -> Self {
        Self(shape: shape, read: { $0.isEmpty ? nil : expandingTilde($0) }, write: { $0 })
    }
}

extension OptionKind where Value == [String] {
    static func list(_ valueName: String) -> Self {
        Self(
            shape: .list(valueName: valueName),
            read: { $0.split { $0 == "," || $0 == " " }.map(String.init) },
            write: { $0.joined(separator: ",") })
    }
}

extension OptionKind where Value: RawRepresentable<String> & CaseIterable {
    static func choice(_ valueName: String) -> Self {
        Self(
            shape: .choice(Value.allCases.map(\.rawValue), valueName: valueName),
            read: { Value(rawValue: $0) }, write: { $0.rawValue })
    }
}
