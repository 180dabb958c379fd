// An estimate of the length of a JSON text. Thread rule: pure functions.
#pragma once

#include <cstddef>

#include "base/json.hpp"

namespace togglecast::http_api {

/// Whether the text of `json` is about longer than `bytes`. Looks only at as many values as that takes.
[[nodiscard]] bool is_longer(const json::value& json, std::size_t bytes) noexcept;

}  // namespace togglecast::http_api
