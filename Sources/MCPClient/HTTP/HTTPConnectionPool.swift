internal import AsyncHTTPClient
internal import Glibc
import NIOCore
import NIOHTTP1
internal import NIOPosix
internal import NIOSSL

/// Connections of HTTP/1.1 to one server.
final class HTTPConnectionPool: HTTPCarrier {
    private static let connectMax = TimeAmount.seconds(10)
    private static let idleMax = TimeAmount.seconds(30)
    /// More than calls at a time: streams of events hold one each.
    private static let connectionCountMax = 64
    /// Deadlines are the caller's; a stream of events may stay open for long.
    private static let exchangeMax = TimeAmount.hours(24)

    private let client: HTTPClient

    /// Makes a pool.
    ///
    /// - Parameter authoritiesPath: a file with certificates to trust, in place of the system's.
    init(authoritiesPath: String?) {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(connect: Self.connectMax),
            connectionPool: .init(
                idleTimeout: Self.idleMax,
                concurrentHTTP1ConnectionsPerHostSoftLimit: Self.connectionCountMax),
            decompression: .disabled)
        configuration.httpVersion = .http1Only
        configuration.connectionPool.retryConnectionEstablishment = false
        if let authoritiesPath {
            var tls = TLSConfiguration.makeClientConfiguration()
            tls.trustRoots = .file(authoritiesPath)
            configuration.tlsConfiguration = tls
        }
        client = HTTPClient(
            eventLoopGroupProvider: .shared(HTTPClient.defaultEventLoopGroup),
            configuration: configuration)
    }

    func send(_ ask: HTTPAsk) async throws(HTTPFault) -> HTTPReply {
        var request = HTTPClientRequest(url: ask.url)
        request.method = HTTPMethod(rawValue: ask.method)
        request.headers = ask.headers
        if let body = ask.body { request.body = .bytes(ByteBuffer(bytes: body)) }
        do {
            let response = try await client.execute(request, timeout: Self.exchangeMax)
            return HTTPReply(
                status: Int(response.status.code), headers: response.headers,
                body: response.body)
        } catch {
            throw HTTPFault(error)
        }
    }

    func shutDown() async { try? await client.shutdown() }
}

extension HTTPFault {
    /// Sorts out what the client and those below it throw.
    init(_ error: any Error) {
        switch error {
        case let fault as HTTPFault: self = fault
        case is CancellationError: self = .broken("cancelled")
        case let error as HTTPClientError: self.init(error)
        case let error as NIOConnectionError:
            let first = error.connectionErrors.first
            self = .noConnection(
                first.map { ($0.error as? IOError).flatMap(Self.reason) ?? "\($0.error)" }
                    ?? "\(error.host) has no address")
        case let error as IOError:
            self = Self.reason(error).map(HTTPFault.noConnection) ?? .broken("\(error)")
        case is NIOSSLError, is NIOSSLExtraError: self = .noConnection("TLS: \(error)")
        default: self = .broken("\(error)")
        }
    }

    private init(_ error: HTTPClientError) {
        // What these say of connections happens before anything is sent.
        let early: [HTTPClientError] = [
            .connectTimeout, .getConnectionFromPoolTimeout, .tlsHandshakeTimeout, .alreadyShutdown,
            .invalidURL, .emptyHost, .emptyScheme,
        ]
        self =
            early.contains(error)
            ? .noConnection(error.shortDescription) : .broken(error.shortDescription)
    }

    /// Why a connection was not made; nil for an error of one that was.
    private static func reason(_ error: IOError) -> String? {
        switch error.errnoCode {
        case ECONNREFUSED: "connection refused"
        case EHOSTUNREACH: "no route to the host"
        case ENETUNREACH: "no route to the network"
        default: nil
        }
    }
}
