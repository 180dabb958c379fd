// What several steps of the probe say and look for. Thread rule: pure.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "app/probe/probe_socket.hpp"
#include "base/clock.hpp"
#include "base/json.hpp"
#include "domain/schema/ids.hpp"
#include "realtime/protocol/events.hpp"

namespace togglecast::app::probe {

namespace event = realtime::event;

using Transport = ProbeSocket::Transport;

inline constexpr std::string_view kApi = "/api/v1/";
inline constexpr std::string_view kTitle = "togglecast probe";
inline constexpr std::string_view kText = "A test message of togglecast probe. Nothing needs to be done.";
inline constexpr int kTokenSeconds = 900;

[[nodiscard]] inline double ms_between(TimePoint from, TimePoint to) {
  return std::chrono::duration<double, std::milli>(to - from).count();
}

/// 0: there is none.
[[nodiscard]] inline domain::Id id_in(const json::value& value, std::string_view member) {
  const json::value* found = json::find(value, member);
  return found == nullptr ? 0 : domain::integer_in(*found).value_or(0);
}

/// An event about this entity, of any type if `type` is empty.
[[nodiscard]] inline ProbeSocket::Wanted about(std::string_view member, domain::Id id,
                                               std::string_view type = {}) {
  return [member = std::string(member), id, type = std::string(type)](const json::value& data) {
    return id_in(data, member) == id && (type.empty() || json::string_or_empty(data, "type") == type);
  };
}

[[nodiscard]] inline ProbeSocket::Wanted titled() {
  return [](const json::value& data) { return json::string_or_empty(data, "title") == kTitle; };
}

[[nodiscard]] inline std::string path_of(std::string_view collection, domain::Id id,
                                         std::string_view more = {}) {
  return std::string(collection) + '/' + std::to_string(id) + std::string(more);
}

}  // namespace togglecast::app::probe
