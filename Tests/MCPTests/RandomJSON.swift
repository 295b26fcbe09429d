import MCP

/// The same numbers for the same seed, so that a failure can be had again.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1
    }

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}

extension JSON {
    static func random(depth: Int, using generator: inout SeededGenerator) -> JSON {
        switch Int.random(in: 0..<(depth > 0 ? 7 : 5), using: &generator) {
        case 0: return .null
        case 1: return .boolean(Bool.random(using: &generator))
        case 2: return .number(JSONNumber(Int64.random(in: .min ... .max, using: &generator)))
        case 3:
            let double = Double.random(in: -1e12...1e12, using: &generator)
            return JSONNumber(double).map(JSON.number) ?? .null
        case 4: return .string(randomText(using: &generator))
        case 5:
            let count = Int.random(in: 0..<6, using: &generator)
            return .array((0..<count).map { _ in random(depth: depth - 1, using: &generator) })
        default:
            let count = Int.random(in: 0..<6, using: &generator)
            let members = (0..<count).map { index in
                (
                    "\(index)" + randomText(using: &generator),
                    random(depth: depth - 1, using: &generator)
                )
            }
            return .object(JSONObject(members))
        }
    }

    private static func randomText(using generator: inout SeededGenerator) -> String {
        let alphabet = Array("ab\"\\/\n\r\t\u{0}\u{1F}\u{7F}é€\u{2028}\u{FFFD}😀".unicodeScalars)
        var text = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 0..<12, using: &generator) {
            text.append(alphabet.randomElement(using: &generator) ?? "a")
        }
        return String(text)
    }
}
