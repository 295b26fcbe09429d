/// What the environment and the AWS tools' files say.
struct AWSConfiguration: Sendable {
    /// Reads a file; nil if it cannot be read.
    typealias FileReader = @Sendable (_ path: String) -> [UInt8]?

    let variables: [String: String]
    let readFile: FileReader
    /// What both files say; the one with credentials comes first.
    let files: ProfileFile
    /// Keys belong together that stand in one file.
    let configFile: ProfileFile
    let credentialsFile: ProfileFile
    let profileName: String
    /// Whether the profile was given for this program, so that it beats credentials in the
    /// environment.
    let isProfileGiven: Bool

    /// Reads the files that the environment names.
    ///
    /// - Parameter profile: the profile to use; nil for the environment's, or `default`.
    /// - Throws: ``S3Error/invalidConfiguration(_:)`` if the profile is not there, or a file is not
    ///   one of the AWS tools'.
    init(
        variables: [String: String], profile: String?, readFile: @escaping FileReader
    ) throws(S3Error) {
        self.variables = variables
        self.readFile = readFile
        let configPath = Self.expand(
            Self.value("AWS_CONFIG_FILE", variables) ?? "~/.aws/config", variables)
        let credentialsPath = Self.expand(
            Self.value("AWS_SHARED_CREDENTIALS_FILE", variables) ?? "~/.aws/credentials",
            variables)
        let read = { (path: String, form: ProfileFile.Form) throws(S3Error) in
            guard let bytes = readFile(path) else { return ProfileFile() }
            return try ProfileFile(
                String(decoding: bytes, as: UTF8.self), form: form, path: path)
        }
        configFile = try read(configPath, .config)
        credentialsFile = try read(credentialsPath, .credentials)
        var files = configFile
        files.merge(credentialsFile)
        self.files = files
        let named =
            profile ?? Self.value("AWS_PROFILE", variables)
            ?? Self.value("AWS_DEFAULT_PROFILE", variables)
        if let named, named != "default", files.profiles[named] == nil {
            throw .invalidConfiguration(
                "there is no profile \(named) in \(configPath) or \(credentialsPath)")
        }
        profileName = named ?? "default"
        isProfileGiven = profile != nil
    }

    /// A variable of the environment that is set and not empty.
    subscript(_ variable: String) -> String? { Self.value(variable, variables) }

    /// A path with `~` and variables in it, as the AWS tools take it.
    private static func expand(_ path: String, _ variables: [String: String]) -> String {
        var result = ""
        var rest = path[...]
        if rest.hasPrefix("~/") {
            result = variables["HOME"] ?? ""
            rest = rest.dropFirst()
        }
        while let character = rest.popFirst() {
            guard character == "$" else {
                result.append(character)
                continue
            }
            let isBraced = rest.first == "{"
            let name = rest.dropFirst(isBraced ? 1 : 0)
                .prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
            let isClosed = !isBraced || rest[name.endIndex...].first == "}"
            guard !name.isEmpty, isClosed, let value = variables[String(name)] else {
                result.append(character)
                continue
            }
            result += value
            rest = rest[name.endIndex...].dropFirst(isBraced ? 1 : 0)
        }
        return result
    }

    private static func value(_ variable: String, _ variables: [String: String]) -> String? {
        variables[variable].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The chosen profile's settings.
    var profile: ProfileFile.Section { files.profiles[profileName] ?? ProfileFile.Section() }

    /// A variable of the environment, else a setting of the profile.
    func setting(_ variable: String, _ key: String) -> String? {
        self[variable] ?? profile.values[key]
    }

    /// Whether a variable or a setting is `true`.
    func isTrue(_ variable: String, _ key: String) -> Bool {
        setting(variable, key)?.lowercased() == "true"
    }

    /// The region that is configured; nil if none is.
    var region: String? {
        self["AWS_REGION"] ?? self["AWS_DEFAULT_REGION"] ?? profile.values["region"]
    }

    /// A service's endpoint that is configured, by the AWS tools' precedence; nil if none is.
    ///
    /// - Parameters:
    ///   - service: the service's name in files and, in capitals, in the environment.
    ///   - given: what was given for this program, which beats everything.
    func endpoint(of service: String, given: String?) -> String? {
        if let given { return given }
        if isTrue("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls") {
            return nil
        }
        let section = profile.values["services"].flatMap { files.services[$0] }
        return self["AWS_ENDPOINT_URL_\(service.uppercased())"] ?? self["AWS_ENDPOINT_URL"]
            ?? section?.nested[service]?["endpoint_url"] ?? profile.values["endpoint_url"]
    }
}
