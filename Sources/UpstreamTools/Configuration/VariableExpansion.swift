/// Puts the values of environment variables into a text: `${NAME}`, `${NAME:-default}`, and
/// `${env:NAME}` as editors write it.
struct VariableExpansion {
    /// The value of a variable; nil where it is not set.
    var value: @Sendable (String) -> String?

    /// Why a text cannot be filled in.
    struct Fault: Error, Hashable, CustomStringConvertible {
        var description: String
    }

    func expand(_ text: String) throws(Fault) -> String {
        var result = ""
        var rest = text[...]
        while let start = rest.firstRange(of: "${") {
            result += rest[..<start.lowerBound]
            guard let end = rest[start.upperBound...].firstIndex(of: "}") else {
                throw Fault(description: "\"${\" without \"}\"")
            }
            result += try resolve(rest[start.upperBound..<end])
            rest = rest[rest.index(after: end)...]
        }
        return result + rest
    }

    private func resolve(_ reference: Substring) throws(Fault) -> String {
        var name = reference
        var fallback: Substring?
        if let separator = reference.firstRange(of: ":-") {
            name = reference[..<separator.lowerBound]
            fallback = reference[separator.upperBound...]
        }
        if name.hasPrefix("env:") { name = name.dropFirst(4) }
        if name.hasPrefix("input:") {
            throw Fault(
                description: "${\(reference)} asks a person in VS Code; here nobody is asked: use"
                    + " ${NAME} and set the environment variable NAME")
        }
        guard name.wholeMatch(of: /[A-Za-z_][A-Za-z0-9_]*/) != nil else {
            throw Fault(
                description: "${\(reference)} is not known here: ${NAME} and ${NAME:-default} are"
                    + " replaced by environment variables")
        }
        if let value = value(String(name)), !(value.isEmpty && fallback != nil) { return value }
        if let fallback { return String(fallback) }
        throw Fault(
            description: "the environment variable \(name) is not set: set it, or write"
                + " ${\(name):-default}")
    }
}
