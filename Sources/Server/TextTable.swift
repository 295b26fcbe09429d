/// Columns for a terminal.
struct TextTable {
    let text: String

    init(_ header: [String]?, _ rows: () -> [[String]]) {
        let lines = ([header].compactMap(\.self) + rows()).map { $0.map(\.forTerminal) }
        let columnCount = lines.map(\.count).max() ?? 0
        let widths = (0..<columnCount).map { column in
            lines.map { $0[column].count }.max() ?? 0
        }
        text = lines.map { line in
            line.enumerated().map { column, cell in
                let isLast = column == columnCount - 1
                let blanks = isLast ? 0 : widths[column] - cell.count
                return cell + String(repeating: " ", count: blanks)
            }.joined(separator: "  ")
        }.joined(separator: "\n")
    }
}
