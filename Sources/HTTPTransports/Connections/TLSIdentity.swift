import NIOSSL
import Synchronization

/// The certificate and the key with which the server shows who it is; both can be replaced while
/// it serves.
package final class TLSIdentity: Sendable {
    private let current: Mutex<NIOSSLContext>

    /// Takes the content of two PEM files: a chain of certificates, the server's own first, and
    /// the private key that belongs to it.
    ///
    /// - Throws: ``TLSIdentityError``.
    package init(certificateFile: [UInt8], keyFile: [UInt8]) throws(TLSIdentityError) {
        current = Mutex(try TLSIdentity.context(certificateFile, keyFile))
    }

    /// What the next connection is made with.
    var context: NIOSSLContext { current.withLock { $0 } }

    /// Takes new content; connections that are open keep what they were made with.
    ///
    /// - Throws: ``TLSIdentityError``; then everything stays as it was.
    package func replace(certificateFile: [UInt8], keyFile: [UInt8]) throws(TLSIdentityError) {
        let context = try TLSIdentity.context(certificateFile, keyFile)
        current.withLock { $0 = context }
    }

    private static func context(
        _ certificateFile: [UInt8], _ keyFile: [UInt8]
    ) throws(TLSIdentityError) -> NIOSSLContext {
        let chain: [NIOSSLCertificate]
        do { chain = try NIOSSLCertificate.fromPEMBytes(certificateFile) } catch {
            throw .noCertificate
        }
        guard !chain.isEmpty else { throw .noCertificate }
        let key: NIOSSLPrivateKey
        do { key = try NIOSSLPrivateKey(bytes: keyFile, format: .pem) } catch { throw .noKey }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        do { return try NIOSSLContext(configuration: configuration) } catch { throw .mismatch }
    }
}

/// Why files make no identity.
package enum TLSIdentityError: Error, Hashable, Sendable {
    /// The first has no certificate in PEM.
    case noCertificate
    /// The second has no private key in PEM, or one that a password protects.
    case noKey
    /// The key is not that of the first certificate.
    case mismatch
}

extension TLSIdentityError: CustomStringConvertible {
    /// What is wrong and what would be right.
    package var description: String {
        switch self {
        case .noCertificate:
            "it must hold certificates in PEM, the server's own first, then those that signed it"
        case .noKey: "it must hold one private key in PEM, without a password"
        case .mismatch: "the key is not that of the first certificate"
        }
    }
}
