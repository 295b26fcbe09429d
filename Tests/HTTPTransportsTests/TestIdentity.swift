@testable import HTTPTransports

/// A certificate for localhost that nobody trusts, made for these tests.
enum TestIdentity {
    static func make() throws -> TLSIdentity {
        try TLSIdentity(certificateFile: Array(certificate.utf8), keyFile: Array(key.utf8))
    }

    static let certificate = """
        -----BEGIN CERTIFICATE-----
        MIIBfzCCASWgAwIBAgIUZbv2b8zpXScep1sQoEY5mlFAVZswCgYIKoZIzj0EAwIw
        FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNzEwMTkyN1oYDzIxMjYxMTAz
        MTAxOTI3WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
        PQMBBwNCAAR2mZjnxRpKh1Fvynd9EoVBWUy0j1oNSg9796LEWsz5xD8gSRiJQ5/a
        nwzASSeYlhNlWdOxC+FLLQPJlG/MmIXJo1MwUTAdBgNVHQ4EFgQUGyO4Nwgfin5e
        nv5tz/Hc3dHDOa0wHwYDVR0jBBgwFoAUGyO4Nwgfin5env5tz/Hc3dHDOa0wDwYD
        VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiEAlcxfNBKIeCWF+vRQ8JHj
        37IPn6KIbwSBmlRMWtoQ3HMCIFiZ4wIGIv58jRqsNNPC8y9avUX++aERVy54qOW3
        gNA2
        -----END CERTIFICATE-----
        """

    static let key = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgq3tWuSk5/fJSCnph
        tFW5Ob4Ll+IF7kd6qWU/1akniVShRANCAAR2mZjnxRpKh1Fvynd9EoVBWUy0j1oN
        Sg9796LEWsz5xD8gSRiJQ5/anwzASSeYlhNlWdOxC+FLLQPJlG/MmIXJ
        -----END PRIVATE KEY-----
        """

    static let otherKey = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg6nKlK8OElprMy5HX
        NoSrNC7YcXI8zl6pC5UPGBNO+AahRANCAATaj9GT2+meWEPDHIaNi6F3m5pWKiom
        cflF3Jg0xEU3yGfQCytRNU8UQq0z+eajOBa4mCTmWCKDo5/cdfDb4HbG
        -----END PRIVATE KEY-----
        """
}
