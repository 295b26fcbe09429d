/// Moves generated text to where its source was, by white space alone.
///
/// Where that is not possible (something in front of it became longer) a piece comes as soon as it
/// can. White space can change what a text means, at a line break or in a template: whoever uses
/// the result compares both.
struct SourceLayout {
    /// A line break after one of these means the end of a statement.
    private static let endedByLineBreaks: Set<String> = [
        "return", "throw", "break", "continue", "yield", "async", "get", "set", "static",
    ]

    private var text: [UInt16] = []
    /// Where the lines of `text` begin.
    private var lineStarts = [0]

    private var line: Int { lineStarts.count - 1 }
    private var column: Int { text.count - lineStarts[line] }

    /// The generated text with its pieces at the places of their sources, as far as possible.
    static func lay(_ generated: String, by map: SourceMap) -> String {
        var layout = SourceLayout()
        layout.lay(Array(generated.utf16), by: map)
        return String(decoding: layout.text, as: UTF16.self)
    }

    private mutating func lay(_ generated: [UInt16], by map: SourceMap) {
        let starts = SourceLayout.lineStarts(of: generated)
        var written = 0
        var last: SourceMap.Place?
        for segment in map.segments {
            guard segment.generated.line < starts.count else { break }
            let offset = starts[segment.generated.line] + segment.generated.column
            guard offset >= written, offset <= generated.count else { break }
            append(generated[written..<offset])
            written = offset
            // Otherwise a line that goes on with what the last one began with.
            guard segment.source != last else { continue }
            last = segment.source
            // A segment that begins a line begins before its indentation.
            while written < generated.count, generated[written] == .space {
                text.append(.space)
                written += 1
            }
            advance(to: segment.source)
        }
        append(generated[written...])
    }

    private static func lineStarts(of units: [UInt16]) -> [Int] {
        [0] + units.indices.filter { units[$0] == .lineBreak }.map { $0 + 1 }
    }

    private mutating func append(_ units: ArraySlice<UInt16>) {
        for unit in units {
            text.append(unit)
            if unit == .lineBreak { lineStarts.append(text.count) }
        }
    }

    /// Replaces the white space at the end by what leads to a place.
    private mutating func advance(to place: SourceMap.Place) {
        var gap = 0
        while let unit = text.last, unit == .space || unit == .lineBreak {
            if unit == .lineBreak { lineStarts.removeLast() }
            text.removeLast()
            gap += 1
        }
        if place.line > line && !isEndedByLineBreak {
            append(ArraySlice(repeatElement(.lineBreak, count: place.line - line)))
            append(ArraySlice(repeatElement(.space, count: place.column)))
        } else {
            let wanted = place.line == line ? place.column - column : 0
            append(ArraySlice(repeatElement(.space, count: max(wanted, min(gap, 1)))))
        }
    }

    private var isEndedByLineBreak: Bool {
        let isOfWord = { (unit: UInt16) in unit >= 0x61 && unit <= 0x7a }
        let word = text.suffix(10).reversed().prefix(while: isOfWord).reversed()
        return SourceLayout.endedByLineBreaks.contains(String(decoding: word, as: UTF16.self))
    }
}

extension UInt16 {
    fileprivate static let lineBreak: UInt16 = 0x0a
    fileprivate static let space: UInt16 = 0x20
}
