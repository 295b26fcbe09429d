internal import WorkerProtocol

/// The line of code that an error is about, with a mark under the place.
struct CodeFrame {
    /// The most UTF-16 units of the line that are shown.
    private static let unitCountMax = 160

    let text: String

    /// Makes the frame of a place in `code`, or in the code of an earlier run.
    ///
    /// - Returns: nil where there is nothing at that place.
    init?(_ place: ScriptPlace, in code: String) {
        let line = place.source.map { Array($0.utf16) } ?? CodeFrame.line(place.line, of: code)
        guard !line.isEmpty, place.column > 0 else { return nil }
        let mark = min(Int(place.column) - 1, line.count)
        let width = CodeFrame.unitCountMax
        let start = max(0, min(mark - width / 2, line.count - width))
        let end = min(line.count, start + width)
        let before = String(decoding: line[start..<mark], as: UTF16.self)
        let after = String(decoding: line[mark..<end], as: UTF16.self)
        let (left, right) = (start > 0 ? "… " : "", end < line.count ? " …" : "")
        let indentation = String((left + before).map { $0 == "\t" ? "\t" : " " })
        text = """
            \(place.script):\(place.line)
            \(left)\(before)\(after)\(right)
            \(indentation)^
            """
    }

    /// A line, counted from 1 and ended as JavaScript ends lines.
    private static func line(_ number: UInt32, of code: String) -> [UInt16] {
        var line: [UInt16] = []
        var current: UInt32 = 1
        var previous: UInt16 = 0
        for unit in code.utf16 {
            let endsLine = [0x0A, 0x0D, 0x2028, 0x2029].contains(unit)
            let isSecondOfPair = previous == 0x0D && unit == 0x0A
            previous = unit
            if !endsLine {
                if current == number { line.append(unit) }
            } else if !isSecondOfPair {
                current += 1
                if current > number { break }
            }
        }
        return line
    }
}
