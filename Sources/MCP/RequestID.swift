/// What a client calls a request, kept with its type and every digit.
package enum RequestID: Hashable, Sendable {
    /// A text.
    case string(String)
    /// An integer of any size.
    case integer(JSONNumber)

    /// Takes a string or an integer of any size; anything else is no id.
    package init?(_ json: JSON?) {
        switch json {
        case .string(let text): self = .string(text)
        case .number(let number) where number.isSpelledAsInteger: self = .integer(number)
        default: return nil
        }
    }

    /// The id as it stands in a message.
    package var json: JSON {
        switch self {
        case .string(let text): .string(text)
        case .integer(let number): .number(number)
        }
    }
}
