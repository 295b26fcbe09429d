internal import AsyncHTTPClient
internal import Dispatch
internal import Glibc
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL

/// A pool of connections, of HTTP/1.1 only.
package final class HTTPConnections: HTTPExchange {
    /// S3 ends a connection that was idle for some 20 seconds; one that is ended while it is taken
    /// up again costs a retry.
    private static let idleMax = TimeAmount.seconds(10)
    private static let connectMax = TimeAmount.seconds(5)
    private static let connectionCountMax = 32

    private let client: HTTPClient

    /// Makes a pool.
    ///
    /// - Parameter authoritiesPath: a file with certificates to trust, in place of the system's.
    package init(authoritiesPath: String? = nil) {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(connect: Self.connectMax),
            connectionPool: .init(
                idleTimeout: Self.idleMax,
                concurrentHTTP1ConnectionsPerHostSoftLimit: Self.connectionCountMax),
            decompression: .disabled)
        configuration.httpVersion = .http1Only
        // The pool would go on trying for the whole of a request; we have our own retries.
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

    deinit {
        // Held by its own shutdown until that is done.
        client.shutdown(queue: .global()) { _ in }
    }

    /// Sends a request once and reads the whole answer.
    package func send(
        _ question: HTTPQuestion, bodyByteCountMax: Int, _ patience: Patience, _ timing: Timing
    ) async throws(HTTPFailure) -> HTTPAnswer {
        var request = HTTPClientRequest(url: question.url)
        request.method = HTTPMethod(rawValue: question.method)
        request.headers = HTTPHeaders(question.headers)
        if !question.body.isEmpty || ["PUT", "POST"].contains(question.method) {
            request.body = .bytes(ByteBuffer(bytes: question.body))
        }
        do {
            let limit = patience.duration(byteCount: question.body.count)
            let sent = request
            let response = try await timing.within(limit) { [client] in
                // The race above ends it; this is for an event loop that has lost its clock.
                try await client.execute(sent, timeout: .hours(1))
            }
            guard let response else { throw HTTPFailure.silence(limit) }
            let announced = response.headers.first(name: "Content-Length").flatMap { Int($0) }
            let hasBody = question.method != "HEAD"
            if hasBody, let announced, announced > bodyByteCountMax {
                throw HTTPFailure.tooLarge(byteCount: announced)
            }
            let bodyLimit = patience.duration(byteCount: announced ?? 0)
            let body = try await timing.within(bodyLimit) {
                hasBody ? try await response.body.collect(upTo: bodyByteCountMax) : ByteBuffer()
            }
            guard let body else { throw HTTPFailure.silence(bodyLimit) }
            // One that is cancelled ends early and says nothing of it.
            if Task.isCancelled { throw HTTPFailure.broken("cancelled") }
            if hasBody, let announced, announced != body.readableBytes {
                throw HTTPFailure.broken("\(body.readableBytes) of \(announced) bytes came")
            }
            return HTTPAnswer(
                status: Int(response.status.code), headers: response.headers,
                body: Array(body.readableBytesView))
        } catch {
            throw Self.failure(error, bodyByteCountMax: bodyByteCountMax)
        }
    }

    private static func failure(_ error: any Error, bodyByteCountMax: Int) -> HTTPFailure {
        if let failure = error as? HTTPFailure { return failure }
        if error is NIOTooManyBytesError { return .tooLarge(byteCount: bodyByteCountMax + 1) }
        if error is CancellationError { return .broken("cancelled") }
        if let error = error as? HTTPClientError {
            // What these say of connections happens before anything is sent.
            let isEarly =
                error == .connectTimeout || error == .getConnectionFromPoolTimeout
                || error == .tlsHandshakeTimeout
            return isEarly
                ? .noConnection(error.shortDescription) : .broken(error.shortDescription)
        }
        if let error = error as? NIOConnectionError {
            guard let first = error.connectionErrors.first else {
                return .noConnection("\(error.host) has no address")
            }
            // One of a name's addresses stands for all.
            return .noConnection(
                (first.error as? IOError).flatMap(Self.reason) ?? "\(first.error)")
        }
        if let reason = (error as? IOError).flatMap(Self.reason) { return .noConnection(reason) }
        if error is NIOSSLError || error is NIOSSLExtraError {
            return .noConnection("TLS: \(error)")
        }
        return .broken("\(error)")
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
