// Read the text of an option and store its value in `Settings`. Thread rule: pure functions.
//
// A text that cannot be read is `invalid_argument`. The message quotes the text; the caller puts the source
// of the text in front.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "app/config/settings.hpp"

namespace togglecast::app {

using Values = std::vector<std::string>;

[[nodiscard]] tl::unexpected<Error> refuse(std::string message);

/// A whole number from `least` to `most`.
[[nodiscard]] Result<std::uint64_t> read_number(const std::string& text, std::uint64_t least,
                                                std::uint64_t most);

template <typename Number>
[[nodiscard]] Result<void> set_number(Number& into, const std::string& text, std::uint64_t least,
                                      std::uint64_t most) {
  return read_number(text, least, most).map([&](std::uint64_t value) { into = static_cast<Number>(value); });
}

// Ready-made `OptionSpec::apply` for the members of `Settings`.
template <auto Member, std::uint64_t least, std::uint64_t most>
[[nodiscard]] Result<void> set_count(Settings& settings, const Values& values) {
  return set_number(settings.*Member, values.front(), least, most);
}
template <std::chrono::seconds Settings::*Member, std::uint64_t least, std::uint64_t most>
[[nodiscard]] Result<void> set_seconds(Settings& settings, const Values& values) {
  return read_number(values.front(), least, most).map([&](std::uint64_t value) {
    settings.*Member = std::chrono::seconds{value};
  });
}
template <auto Member>
[[nodiscard]] Result<void> set_file(Settings& settings, const Values& values) {
  settings.*Member = values.front();
  return {};
}
[[nodiscard]] Result<void> read_switch(bool& into, const Values& values);
template <bool Settings::*Member>
[[nodiscard]] Result<void> set_switch(Settings& settings, const Values& values) {
  return read_switch(settings.*Member, values);
}
[[nodiscard]] Result<void> read_rate(double& into, const Values& values);
template <Rate Settings::*Member>
[[nodiscard]] Result<void> set_per_second(Settings& settings, const Values& values) {
  return read_rate((settings.*Member).per_second, values);
}
template <Rate Settings::*Member>
[[nodiscard]] Result<void> set_burst(Settings& settings, const Values& values) {
  return read_rate((settings.*Member).burst, values);
}

/// Of a rate of bytes.
template <Rate Settings::*Member, double Rate::*Part, std::uint64_t least>
[[nodiscard]] Result<void> set_byte_rate(Settings& settings, const Values& values) {
  return set_number((settings.*Member).*Part, values.front(), least, std::uint64_t{1} << 40);
}

[[nodiscard]] Result<void> set_data(Settings& settings, const Values& values);
[[nodiscard]] Result<void> set_store(Settings& settings, const Values& values);
[[nodiscard]] Result<void> set_store_listen(Settings& settings, const Values& values);
[[nodiscard]] Result<void> set_drain(Settings& settings, const Values& values);
[[nodiscard]] Result<void> set_store_wait(Settings& settings, const Values& values);
[[nodiscard]] Result<void> set_node_tag(Settings& settings, const Values& values);
[[nodiscard]] Result<void> set_listen(Settings& settings, const Values& values);
[[nodiscard]] Result<void> set_node_name(Settings& settings, const Values& values);
[[nodiscard]] Result<void> set_origins(Settings& settings, const Values& values);
[[nodiscard]] Result<void> set_public_urls(Settings& settings, const Values& values);
[[nodiscard]] Result<void> set_forwarded(Settings& settings, const Values& values);
[[nodiscard]] Result<void> set_cors_headers(Settings& settings, const Values& values);
[[nodiscard]] Result<void> set_proxies(Settings& settings, const Values& values);
[[nodiscard]] Result<void> set_egress_allow(Settings& settings, const Values& values);
[[nodiscard]] Result<void> set_egress_proxy(Settings& settings, const Values& values);
[[nodiscard]] Result<void> set_metrics_listen(Settings& settings, const Values& values);
[[nodiscard]] Result<void> set_log_format(Settings& settings, const Values& values);
[[nodiscard]] Result<void> set_log_packets(Settings& settings, const Values& values);
[[nodiscard]] Result<void> set_redis(Settings& settings, const Values& values);
[[nodiscard]] Result<void> set_redis_sentinel_user(Settings& settings, const Values& values);
[[nodiscard]] Result<void> set_redis_prefix(Settings& settings, const Values& values);
[[nodiscard]] Result<void> set_log_level(Settings& settings, const Values& values);

/// Whether a listener on `all` also covers `one`: it is the same address, or `all` means the whole family.
[[nodiscard]] bool includes(const std::string& all, const std::string& one);

}  // namespace togglecast::app
