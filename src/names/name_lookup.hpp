// Addresses of host names. The system's look-up (getaddrinfo) cannot be interrupted, and without a name
// server that answers it takes long. So it runs on a thread that nobody waits for: the caller goes on when
// its time is over, and a stop of the server waits for no look-up.
//
//   const auto found = look_up("db.example", 3s);   // {"192.0.2.7", "2001:db8::7"}
//
// Thread rule: any thread. Errors: `unavailable`.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace togglecast::names {

/// Numeric addresses, in the order in which they should be tried; never empty.
using Addresses = std::vector<std::string>;
/// Asks, and may take as long as it likes.
using NameResolver = std::function<Result<Addresses>(const std::string& host)>;
/// The system's. A numeric address is its own answer.
[[nodiscard]] Result<Addresses> resolve_by_system(const std::string& host);

/// More look-ups than these at the same time are refused: the others hang.
inline constexpr int kMostLookups = 32;

/// `done` runs once, on another thread or within the call.
void look_up(std::string host, std::function<void(Result<Addresses>)> done,
             NameResolver resolver = resolve_by_system);
/// Waits, but not for longer than `longest`.
[[nodiscard]] Result<Addresses> look_up(const std::string& host, Milliseconds longest,
                                        NameResolver resolver = resolve_by_system);

}  // namespace togglecast::names
