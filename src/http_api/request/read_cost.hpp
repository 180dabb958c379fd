// The cost of a read, in units of `--read-rate`. Thread rule: pure functions.
//
//   one entity                       1
//   a page of a list                 2, with a search 10
//   tokens of a client               2
//   the features of a client        10
//   an evaluation                   10
//   a page of the activity          10, with a search 40
//   a rollout                       10
//   the history of the dashboard     2
//   live connections                10, with a search 40
//   an entity of the past           40
//   recent rollouts                 40
//   a preview                       40
//   a state                         40
//   a difference                    80
//   each whole 32 KiB of the answer  1 more
#pragma once

#include <cstddef>

#include "http_api/request/route.hpp"
#include "wire/http/message.hpp"

namespace togglecast::http_api {

/// Taken before the request is served.
[[nodiscard]] unsigned read_cost(const Route& route, const wire::http::Query& query);

/// Charged for the answer, whose body has so many bytes before compression.
[[nodiscard]] unsigned cost_of_answer(std::size_t bytes) noexcept;

}  // namespace togglecast::http_api
