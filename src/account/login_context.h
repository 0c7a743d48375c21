// What a login is told of its connection, the same for every protocol.
#pragma once

#include <string_view>

#include "account/authenticator.h"

namespace account {

// `stream` is a net::Stream, as a template since this room knows no network: peer() and tls() are asked.
template <class Stream>
[[nodiscard]] LoginContext login_context(const Stream& stream, std::string_view service) {
    LoginContext context;
    context.service = service;
    context.peer_address = stream.peer().address;
    context.loopback = stream.peer().is_loopback();
    if (const auto* const tls = stream.tls()) {
        context.tls = true;
        context.tls_exporter = tls->exporter;
        context.tls_unique = tls->unique;
        context.tls_end_point = tls->end_point;
        context.certificate_names = tls->client_names;
    }
    return context;
}

}  // namespace account
