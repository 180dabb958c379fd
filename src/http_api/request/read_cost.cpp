#include "http_api/request/read_cost.hpp"

#include <algorithm>

namespace togglecast::http_api {
namespace {

constexpr unsigned kEntity = 1, kList = 2, kPast = 40;
constexpr unsigned kSearch = 4;  // times as much: a search looks at all entities, or at all of the log
constexpr std::size_t kBytesPerUnit = 32 * 1'024;

bool takes(const Route& route, std::string_view parameter) {
  return std::find(route.parameters.begin(), route.parameters.end(), parameter) != route.parameters.end();
}

}  // namespace

unsigned read_cost(const Route& route, const wire::http::Query& query) {
  unsigned units = route.units.count;
  if (units == 0) units = takes(route, "limit") ? kList : kEntity;
  if (query.contains("q") && takes(route, "q")) units = std::max(units * kSearch, 10U);
  if (query.contains("at") && takes(route, "at")) units = std::max(units, kPast);
  return units;
}

unsigned cost_of_answer(std::size_t bytes) noexcept { return static_cast<unsigned>(bytes / kBytesPerUnit); }

}  // namespace togglecast::http_api
