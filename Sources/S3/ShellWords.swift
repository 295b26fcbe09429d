/// Words in the quoting of a POSIX shell, as Python's `shlex` splits them.
enum ShellWords {
    /// Splits a text at blanks that are not quoted; nil where a quotation does not end.
    static func split(_ text: String) -> [String]? {
        var words: [String] = []
        var word: String?
        var quote: Character?
        var rest = text[...]
        while let character = rest.popFirst() {
            switch (character, quote) {
            case ("\\", nil):
                guard let escaped = rest.popFirst() else { return nil }
                word = (word ?? "") + String(escaped)
            case ("\\", "\""):
                guard let escaped = rest.popFirst() else { return nil }
                // Between quotation marks only these two lose their meaning by it.
                let isSpecial = escaped == "\"" || escaped == "\\"
                word = (word ?? "") + (isSpecial ? "" : "\\") + String(escaped)
            case (let mark, let open?) where mark == open: quote = nil
            case ("'", nil), ("\"", nil):
                quote = character
                word = word ?? ""
            case (let blank, nil) where blank.isWhitespace:
                if let word { words.append(word) }
                word = nil
            default: word = (word ?? "") + String(character)
            }
        }
        guard quote == nil else { return nil }
        return words + [word].compactMap(\.self)
    }
}
