internal import Foundation
internal import HTTPTransports
internal import Logging

/// Who is let in over HTTP, made of what the settings name: files of tokens, keys and certificates.
struct HTTPAccess: Sendable {
    let admission: Admission
    let tls: TLSIdentity?
    let files: WatchedFiles

    /// Reads the files.
    ///
    /// - Throws: ``SettingsError`` if one of them cannot be used.
    init(_ settings: HTTPSettings, limits: HTTPLimits, logger: Logger) async throws(SettingsError) {
        var files = WatchedFiles(logger: logger)
        tls = try settings.tls.map { (paths) throws(SettingsError) in
            try HTTPAccess.makeTLS(paths, &files)
        }
        let authentication = try await HTTPAccess.makeAuthentication(settings, &files)
        admission = Admission(
            policy: AccessPolicy(hostNames: settings.hostNames), authentication: authentication,
            limits: limits)
        self.files = files
    }

    private static func makeTLS(
        _ paths: HTTPSettings.TLSFiles, _ files: inout WatchedFiles
    ) throws(SettingsError) -> TLSIdentity {
        let contents = [
            try WatchedFiles.read(paths.certificate, of: "--tls-certificate"),
            try WatchedFiles.read(paths.key, of: "--tls-key"),
        ]
        let identity: TLSIdentity
        do throws(TLSIdentityError) {
            identity = try TLSIdentity(certificateFile: contents[0], keyFile: contents[1])
        } catch {
            let (option, path) =
                error == .noKey
                ? ("--tls-key", paths.key) : ("--tls-certificate", paths.certificate)
            throw .invalid("the file of \(option), \(path), cannot be used: \(error)")
        }
        files.add(
            WatchedFiles.Group(
                name: "--tls-certificate", paths: [paths.certificate, paths.key],
                contents: contents
            ) { contents in
                try identity.replace(certificateFile: contents[0], keyFile: contents[1])
            })
        return identity
    }

    private static func makeAuthentication(
        _ settings: HTTPSettings, _ files: inout WatchedFiles
    ) async throws(SettingsError) -> Authentication? {
        guard settings.tokenFile != nil || settings.jwt != nil else { return nil }
        let verifier = try await makeVerifier(settings, &files)
        guard let path = settings.tokenFile else {
            return Authentication(tokens: nil, verifier: verifier)
        }
        let content = try WatchedFiles.read(path, of: "--auth-token-file")
        let tokens: BearerTokens
        do throws(BearerTokensError) {
            tokens = try BearerTokens(file: String(decoding: content, as: UTF8.self))
        } catch {
            throw .invalid("the file of --auth-token-file, \(path), cannot be used: \(error)")
        }
        let authentication = Authentication(tokens: tokens, verifier: verifier)
        files.add(
            WatchedFiles.Group(
                name: "--auth-token-file", paths: [path], contents: [content]
            ) { contents in
                let text = String(decoding: contents[0], as: UTF8.self)
                authentication.replace(try BearerTokens(file: text))
            })
        return authentication
    }

    private static func makeVerifier(
        _ settings: HTTPSettings, _ files: inout WatchedFiles
    ) async throws(SettingsError) -> TokenVerifier? {
        guard let jwt = settings.jwt else { return nil }
        let keys: SigningKeys
        switch jwt.keys {
        case .url(let url): keys = SigningKeys(fetch: KeyFetch.from(url))
        case .file(let path):
            let content = try WatchedFiles.read(path, of: "--jwks-file")
            do throws(KeySetError) { keys = SigningKeys(try await KeySet(content)) } catch {
                throw .invalid("the file of --jwks-file, \(path), cannot be used: \(error)")
            }
            files.add(
                WatchedFiles.Group(name: "--jwks-file", paths: [path], contents: [content]) {
                    await keys.replace(try await KeySet($0[0]))
                })
        }
        return TokenVerifier(jwt.requirements, keys: keys) { Date().timeIntervalSince1970 }
    }
}
