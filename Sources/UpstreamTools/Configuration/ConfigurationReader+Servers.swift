import MCP
import MCPClient

extension ConfigurationReader {
    private static let nameLengthMax = 64
    /// Where servers are listed: by Claude and Cursor, and by VS Code.
    private static let serverLists = ["mcpServers", "servers"]
    private static let serverKeys = [
        "args", "command", "cwd", "disabled", "env", "headers", "mcp-v8", "type", "url",
    ]
    /// What other programs read and would be missed if it were left out in silence.
    private static let unsupportedKeys = [
        "envFile": "is not read: put the variables under \"env\"",
        "headersHelper":
            "is not run: put headers under \"headers\", with ${NAME} for what changes",
        "inputs": "asks a person in VS Code; here nobody is asked: use ${NAME}",
        "serverUrl": "is not read: write \"url\"",
    ]
    /// What the design has and nothing reads yet.
    private static let reservedKeys = ["fetch", "files", "modules", "secrets"]

    /// Reads the whole file.
    mutating func configuration(_ json: JSON) -> UpstreamConfiguration {
        for duplicate in text.duplicates {
            fault(duplicate.path, "stands twice (again on line \(duplicate.line))")
        }
        var configuration = UpstreamConfiguration(entries: [], policy: .init(), warnings: [])
        guard let object = json.object else {
            fault("", "must be an object with \"mcpServers\", not \(json.kindDescription)")
            return configuration
        }
        var names: Set<String> = []
        for member in object.members {
            switch member.key {
            case let list where Self.serverLists.contains(list):
                for entry in entries(member.value, list) {
                    if names.insert(entry.name).inserted {
                        configuration.entries.append(entry)
                    } else {
                        fault("\(list).\(entry.name)", "this name stands in both lists")
                    }
                }
            case "policy": configuration.policy = policy(member.value, "policy")
            case "inputs":
                if member.value != [] { fault("inputs", Self.unsupportedKeys["inputs"] ?? "") }
            case let key where Self.reservedKeys.contains(key): warn(key, "is not used yet")
            case let key: warn(key, Self.unknown(key, known: Self.serverLists + ["policy"]))
            }
        }
        configuration.entries.sort { $0.name < $1.name }
        configuration.warnings = warnings
        return configuration
    }

    private mutating func entries(
        _ json: JSON, _ path: String
    ) -> [UpstreamConfiguration.Entry] {
        guard let object = json.object else {
            fault(path, "must be an object of servers, not \(json.kindDescription)")
            return []
        }
        return object.members.compactMap { entry($0.key, $0.value, "\(path).\($0.key)") }
    }

    private mutating func entry(
        _ name: String, _ json: JSON, _ path: String
    ) -> UpstreamConfiguration.Entry? {
        let isPlain = name.unicodeScalars.allSatisfy { $0.value > 0x20 && $0.value != 0x7F }
        guard isPlain, (1...Self.nameLengthMax).contains(name.count), !name.hasPrefix("$") else {
            fault(
                path,
                "a server's name has 1 to \(Self.nameLengthMax) characters without blanks, and does"
                    + " not begin with $")
            return nil
        }
        guard let object = json.object else {
            fault(
                path, "must be an object with \"command\" or \"url\", not \(json.kindDescription)")
            return nil
        }
        if let disabled = object["disabled"], boolean(disabled, "\(path).disabled") != false {
            return nil
        }
        for member in object.members where !Self.serverKeys.contains(member.key) {
            let memberPath = "\(path).\(member.key)"
            if let reason = Self.unsupportedKeys[member.key] {
                fault(memberPath, reason)
            } else {
                warn(memberPath, Self.unknown(member.key, known: Self.serverKeys))
            }
        }
        let settings = object["mcp-v8"].map { self.settings($0, "\(path).mcp-v8") } ?? .init()
        guard let transport = transport(object, path) else { return nil }
        return UpstreamConfiguration.Entry(name: name, transport: transport, settings: settings)
    }

    private mutating func transport(_ object: JSONObject, _ path: String) -> UpstreamTransport? {
        let type = object["type"].map { string($0, "\(path).type") ?? "" }
        switch (type, object["command"], object["url"]) {
        case (_, _?, _?):
            fault(path, "has both \"command\" and \"url\": a server has one of them")
        case ("sse"?, _, _):
            fault(
                "\(path).type",
                "\"sse\" is the transport of 2024, which is not supported: use \"http\" and the"
                    + " server's address for Streamable HTTP, often /mcp")
        case (nil, let command?, nil), ("stdio"?, let command?, nil):
            return process(command, object, path)
        case (nil, nil, let url?), ("http"?, nil, let url?), ("streamable-http"?, nil, let url?),
            ("streamableHttp"?, nil, let url?):
            return http(url, object, path)
        case (nil, nil, nil):
            fault(
                path,
                "has no \"command\" that starts a server and no \"url\" where one is: one of them"
                    + " is needed")
        case ("stdio"?, nil, _): fault(path, "has no \"command\", which \"stdio\" needs")
        case ("http"?, _, nil), ("streamable-http"?, _, nil), ("streamableHttp"?, _, nil):
            fault(path, "has no \"url\", which \"http\" needs")
        case (let type?, _, _):
            fault("\(path).type", "must be \"stdio\" or \"http\", not \"\(type.prefix(40))\"")
        }
        return nil
    }

    private mutating func process(
        _ command: JSON, _ object: JSONObject, _ path: String
    ) -> UpstreamTransport? {
        for key in ["headers"] where object[key] != nil {
            warn("\(path).\(key)", "means nothing for a process")
        }
        let arguments = object["args"].map { strings($0, "\(path).args") } ?? []
        let environment = object["env"].map { stringTable($0, "\(path).env") } ?? [:]
        for name in environment.keys where name.isEmpty || name.contains("=") {
            fault("\(path).env.\(name)", "a variable's name is not empty and has no \"=\"")
        }
        let folder = object["cwd"].flatMap { string($0, "\(path).cwd") }
        guard let command = string(command, "\(path).command") else { return nil }
        guard !command.isEmpty else {
            fault("\(path).command", "is empty: it is a program, as a path or a name in PATH")
            return nil
        }
        if command.contains(" "), arguments.isEmpty, !command.contains("/") {
            warn(
                "\(path).command",
                "is the name of one program, blanks and all; arguments belong under \"args\"")
        }
        return .stdio(
            ServerCommand(
                command: command, arguments: arguments, environment: environment,
                workingDirectory: folder))
    }

    private mutating func http(
        _ url: JSON, _ object: JSONObject, _ path: String
    ) -> UpstreamTransport? {
        for key in ["args", "env", "cwd"] where object[key] != nil {
            warn("\(path).\(key)", "means nothing for a server that is not started here")
        }
        let headers = object["headers"].map { stringTable($0, "\(path).headers") } ?? [:]
        for (name, value) in headers { check(name, value, "\(path).headers.\(name)") }
        guard let url = string(url, "\(path).url") else { return nil }
        guard
            url.wholeMatch(of: /https?:\/\/[^\s\/?#@\\]+(\/[^\s#\\]*)?(\?[^\s#\\]*)?/.ignoresCase())
                != nil
        else {
            fault(
                "\(path).url",
                "must be an address as https://host/mcp, without a user and without \"#\"")
            return nil
        }
        return .http(HTTPTarget(url: url, headers: headers))
    }

    private mutating func check(_ name: String, _ value: String, _ path: String) {
        guard name.wholeMatch(of: /[A-Za-z0-9!#$%&'*+.^_`|~-]+/) != nil else {
            return fault(path, "is no name that a header can have")
        }
        guard value.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value < 0x7F }) else {
            return fault(path, "a header's value has plain ASCII only")
        }
        let ours = [
            "accept", "connection", "content-length", "content-type", "host", "last-event-id",
            "mcp-method", "mcp-name", "mcp-protocol-version", "mcp-session-id",
            "transfer-encoding",
        ]
        if ours.contains(name.lowercased()) { fault(path, "is set by this server itself") }
    }
}
