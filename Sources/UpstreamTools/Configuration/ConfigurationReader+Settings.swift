import MCP
import MCPClient

extension ConfigurationReader {
    private static let settingKeys = [
        "allow", "ask", "clients", "concurrency", "default", "deny", "era", "hint", "json", "pin",
        "timeout_ms", "trustAnnotations", "validate",
    ]
    private static let policyKeys = ["allow", "ask", "default", "deny"]
    private static let hintLengthMax = 80
    private static let patternCountMax = 1_000

    /// Reads `"mcp-v8"`; a key that is not known there may be a rule that is misspelt, so it is a
    /// mistake.
    mutating func settings(_ json: JSON, _ path: String) -> UpstreamSettings {
        var settings = UpstreamSettings()
        guard let object = json.object else {
            fault(path, "must be an object, not \(json.kindDescription)")
            return settings
        }
        for member in object.members {
            let place = "\(path).\(member.key)"
            switch member.key {
            case "hint": settings.hint = hint(member.value, place)
            case "timeout_ms":
                settings.timeout = integer(member.value, place, in: 1...900_000)
                    .map { .milliseconds($0) }
            case "concurrency":
                settings.callsAtATimeMax = integer(member.value, place, in: 1...64)
            case "json":
                settings.textReading =
                    word(member.value, place, UpstreamSettings.TextReading.self) ?? .automatic
            case "clients": settings.clients = strings(member.value, place)
            case "trustAnnotations":
                settings.trustsAnnotations = boolean(member.value, place) ?? false
            case "pin": settings.pinsTools = boolean(member.value, place) ?? false
            case "validate": settings.checksArguments = boolean(member.value, place) ?? true
            case "era": settings.era = word(member.value, place, UpstreamEra.self) ?? .automatic
            case let key where Self.policyKeys.contains(key): break
            case let key: fault(place, Self.unknown(key, known: Self.settingKeys))
            }
        }
        settings.policy = rules(object, path)
        return settings
    }

    /// Reads the rules over all servers.
    mutating func policy(_ json: JSON, _ path: String) -> UpstreamPolicy {
        guard let object = json.object else {
            fault(path, "must be an object, not \(json.kindDescription)")
            return UpstreamPolicy()
        }
        for member in object.members where !Self.policyKeys.contains(member.key) {
            fault("\(path).\(member.key)", Self.unknown(member.key, known: Self.policyKeys))
        }
        return rules(object, path)
    }

    private mutating func rules(_ object: JSONObject, _ path: String) -> UpstreamPolicy {
        var policy = UpstreamPolicy()
        policy.allow = patterns(object["allow"], "\(path).allow")
        policy.ask = patterns(object["ask"], "\(path).ask")
        policy.deny = patterns(object["deny"], "\(path).deny")
        if let standard = object["default"] {
            policy.standard = word(standard, "\(path).default", UpstreamPolicy.Verdict.self)
        }
        return policy
    }

    private mutating func hint(_ json: JSON, _ path: String) -> String? {
        guard let hint = string(json, path) else { return nil }
        let isPlain = hint.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
        guard isPlain, hint.count <= Self.hintLengthMax else {
            fault(path, "has one line of at most \(Self.hintLengthMax) characters")
            return nil
        }
        return hint
    }

    private mutating func patterns(_ json: JSON?, _ path: String) -> [UpstreamPolicy.Pattern] {
        guard let json else { return [] }
        guard let elements = json.array, elements.count <= Self.patternCountMax else {
            fault(path, "must be an array of at most \(Self.patternCountMax) patterns")
            return []
        }
        return elements.enumerated().compactMap { pattern($1, "\(path)[\($0)]") }
    }

    private mutating func pattern(_ json: JSON, _ path: String) -> UpstreamPolicy.Pattern? {
        if json.string != nil {
            return string(json, path).map { UpstreamPolicy.Pattern(tool: $0, arguments: [:]) }
        }
        guard let object = json.object, let tool = object["tool"] else {
            fault(
                path,
                "must be a tool's name, in which * stands for any text, or {\"tool\", \"args\"}")
            return nil
        }
        for member in object.members where !["args", "tool"].contains(member.key) {
            fault("\(path).\(member.key)", Self.unknown(member.key, known: ["args", "tool"]))
        }
        var arguments: [String: [String]] = [:]
        for member in object["args"]?.object?.members ?? [] {
            arguments[member.key] = strings(member.value, "\(path).args.\(member.key)")
        }
        if let given = object["args"], given.object == nil {
            fault("\(path).args", "must be an object of arrays, not \(given.kindDescription)")
        }
        return string(tool, "\(path).tool").map {
            UpstreamPolicy.Pattern(tool: $0, arguments: arguments)
        }
    }
}
