/// Cuts names and texts into the words that are compared: in lower case, without endings.
enum SearchWords {
    private static let wordLengthMax = 40

    /// Words that are in every other description.
    private static let empty: Set<String> = [
        "a", "an", "and", "as", "at", "be", "by", "for", "from", "if", "in", "into", "is", "it",
        "its", "me", "my", "of", "on", "or", "that", "the", "this", "to", "tool", "tools", "use",
        "using", "via", "when", "with", "you", "your", "all", "can", "will", "are", "i", "we", "do",
        "does", "how", "what", "which", "who", "some", "any", "please", "want", "need",
    ]

    /// What people call one thing.
    private static let families = [
        ["create", "add", "new", "make", "open", "insert"],
        ["delete", "remove", "drop", "erase", "destroy"],
        ["update", "edit", "change", "modify", "set", "rename"],
        ["list", "show", "all", "enumerate"], ["get", "read", "fetch", "view", "show", "retrieve"],
        ["search", "find", "query", "look", "lookup"], ["send", "post", "write", "submit"],
        ["run", "execute", "start", "trigger", "launch"], ["stop", "cancel", "abort", "end"],
        ["repository", "repo"], ["directory", "folder", "dir"], ["pull", "pr"],
        ["message", "mail", "email"], ["picture", "image", "photo"],
        ["diff", "difference", "compare"],
        ["person", "user", "people", "member"], ["comment", "reply"], ["authenticated", "current"],
        ["workflow", "action", "job"],
    ]
    private static let kin: [String: Set<String>] = families.reduce(into: [:]) { kin, family in
        let stems = Set(family.map(stem))
        for word in stems { kin[word, default: []].formUnion(stems.subtracting([word])) }
    }

    /// The words of a text, in order, as stems.
    static func split(_ text: some StringProtocol) -> [String] {
        var words: [String] = []
        var word = ""
        var previousIsLower = false
        for scalar in text.unicodeScalars {
            let isLetter = scalar.properties.isAlphabetic
            let isDigit = scalar.properties.numericType != nil
            guard isLetter || isDigit else {
                append(&word, to: &words)
                previousIsLower = false
                continue
            }
            // A capital after a small letter begins a word, as in createIssue.
            if scalar.properties.isUppercase, previousIsLower { append(&word, to: &words) }
            previousIsLower = scalar.properties.isLowercase || isDigit
            if word.unicodeScalars.count < wordLengthMax {
                word += scalar.properties.lowercaseMapping
            }
        }
        append(&word, to: &words)
        return words
    }

    /// Other words for the same.
    static func kin(of stem: String) -> Set<String> { kin[stem] ?? [] }

    private static func append(_ word: inout String, to words: inout [String]) {
        if !word.isEmpty, !empty.contains(word) { words.append(stem(word)) }
        word = ""
    }

    /// A word without its most usual English endings.
    static func stem(_ word: String) -> String {
        guard word.utf8.count > 3 else { return word }
        for (ending, replacement) in [("ies", "y"), ("sses", "ss"), ("ches", "ch"), ("xes", "x")]
        where word.hasSuffix(ending) {
            return word.dropLast(ending.count) + replacement
        }
        if word.hasSuffix("s"), !word.hasSuffix("ss"), !word.hasSuffix("us") {
            return String(word.dropLast())
        }
        for ending in ["ing", "ed"] where word.hasSuffix(ending) && word.count > ending.count + 3 {
            return String(word.dropLast(ending.count))
        }
        return word
    }
}
