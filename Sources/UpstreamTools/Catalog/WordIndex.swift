import MCP
import MCPClient

/// Which tools have a word, and how much it says about them (BM25 over weighted fields).
struct WordIndex: Sendable {
    /// The texts of one tool, by how much a word in them counts.
    struct Fields {
        private static let parameterCountMax = 60
        private static let lengthMax = 2_000

        var texts: [(weight: Float, text: String)]

        init(_ entry: ToolCatalog.Entry) {
            let tool = entry.tool
            texts = [
                (4, tool.name), (1.5, entry.server),
                (1.5, String(CleanText.sentence(tool.description, lengthMax: 300))),
                (0.7, String(tool.description.prefix(Self.lengthMax))),
                (2, tool.annotations["title"]?.string ?? ""),
            ]
            let parameters = tool.inputSchema["properties"]?.object?.members ?? []
            for parameter in parameters.prefix(Self.parameterCountMax) {
                texts.append((0.6, parameter.key))
                let words = parameter.value["description"]?.string ?? ""
                texts.append((0.3, String(words.prefix(200))))
                let choices = parameter.value["enum"]?.array?.prefix(20).compactMap(\.string) ?? []
                texts.append((0.6, choices.joined(separator: " ")))
            }
        }
    }

    private struct Posting {
        var place: Int32
        var weight: Float
    }

    /// Beyond this much of a word in one tool, more of it says nothing more.
    private static let saturation: Float = 1.2
    /// How much the length of a tool's texts counts against it.
    private static let lengthPenalty: Float = 0.3
    private static let queryWordCountMax = 32
    /// What a word counts that only begins like one of the query, or means the same.
    private static let prefixWeight: Float = 0.5
    private static let kinWeight: Float = 0.35
    private static let prefixLengthMin = 3
    private static let prefixCountMax = 20

    /// By their bytes, so that words with one beginning are neighbours.
    private let words: [String]
    private let postings: [[Posting]]
    private let lengths: [Float]

    init(_ documents: [Fields]) {
        var table: [String: [Posting]] = [:]
        var lengths: [Float] = []
        for (place, fields) in documents.enumerated() {
            var weights: [String: Float] = [:]
            for (weight, text) in fields.texts {
                for word in SearchWords.split(text) { weights[word, default: 0] += weight }
            }
            for (word, weight) in weights {
                table[word, default: []].append(Posting(place: Int32(place), weight: weight))
            }
            lengths.append(weights.values.reduce(0, +))
        }
        let mean = max(1, lengths.reduce(0, +) / Float(max(1, lengths.count)))
        self.lengths = lengths.map { $0 / mean }
        let sorted = table.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        words = sorted.map(\.key)
        postings = sorted.map(\.value)
    }

    /// The tools that have words of a query, best first; among equals in the catalog's order.
    func places(for query: String) -> [Int] {
        var scores = [Float](repeating: 0, count: lengths.count)
        var hits = [UInt8](repeating: 0, count: lengths.count)
        let wanted = Array(SearchWords.split(query).prefix(Self.queryWordCountMax))
        for word in wanted {
            var best: [Int: Float] = [:]
            for (place, weight) in terms(for: word) {
                for posting in postings[place] {
                    let score = weight * score(posting, inverse: inverse(postings[place].count))
                    let document = Int(posting.place)
                    // One word of the query counts once, in its best form.
                    best[document] = max(best[document] ?? 0, score)
                }
            }
            for (document, score) in best {
                scores[document] += score
                hits[document] += 1
            }
        }
        let found = scores.indices.filter { scores[$0] > 0 }
        let total = Float(max(1, wanted.count))
        // Who has more of the words comes first, all else being equal.
        let ranked = found.map { place in
            (place, scores[place] * (0.5 + 0.5 * Float(hits[place]) / total))
        }
        return ranked.sorted { ($0.1, -$0.0) > ($1.1, -$1.0) }.map(\.0)
    }

    /// The words of the index that a word of a query may mean, and how surely.
    private func terms(for word: String) -> [(place: Int, weight: Float)] {
        var terms: [(place: Int, weight: Float)] = []
        let start = lowerBound(word)
        var place = start
        if place < words.count, words[place] == word {
            terms.append((place, 1))
            place += 1
        }
        if word.utf8.count >= Self.prefixLengthMin {
            while place < words.count, place < start + Self.prefixCountMax,
                words[place].utf8.starts(with: word.utf8)
            {
                terms.append((place, Self.prefixWeight))
                place += 1
            }
        }
        for other in SearchWords.kin(of: word) {
            let place = lowerBound(other)
            if place < words.count, words[place] == other { terms.append((place, Self.kinWeight)) }
        }
        return terms
    }

    private func lowerBound(_ word: String) -> Int {
        var low = 0
        var high = words.count
        while low < high {
            let middle = (low + high) / 2
            if words[middle].utf8.lexicographicallyPrecedes(word.utf8) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low
    }

    private func score(_ posting: Posting, inverse: Float) -> Float {
        let length = 1 - Self.lengthPenalty + Self.lengthPenalty * lengths[Int(posting.place)]
        return inverse * posting.weight * (Self.saturation + 1)
            / (posting.weight + Self.saturation * length)
    }

    /// How much a word says that so many tools have.
    private func inverse(_ count: Int) -> Float {
        let ratio = (Float(lengths.count) - Float(count) + 0.5) / (Float(count) + 0.5)
        return Self.logarithm(1 + ratio)
    }

    /// The natural logarithm, of numbers from 1 on.
    private static func logarithm(_ value: Float) -> Float {
        let exponent = value.exponent
        // Within 1 % on the significand, which ranking needs no better.
        let fraction = value.significand - 1
        let part = fraction * (1 - fraction * (0.5 - fraction * 0.19))
        return Float(exponent) * 0.693_147 + part
    }
}
