#include "http_api/request/context_parameter.hpp"

#include <string>
#include <string_view>

#include "domain/entities/context.hpp"
#include "domain/schema/fields.hpp"

namespace togglecast::http_api {

Result<std::optional<json::object>> context_parameter(const Call& call) {
  constexpr std::string_view kBad = "the parameter context must be a JSON object of at most 4 KiB";
  const auto& parameters = call.request().query;
  if (!parameters.contains("context")) return std::nullopt;
  const std::string_view text = parameters.value("context");
  if (text.size() > domain::kMaxContext) return fail(Errc::invalid_argument, std::string(kBad));
  auto parsed = json::parse(text);
  if (!parsed || !parsed->is_object()) return fail(Errc::invalid_argument, std::string(kBad));
  const json::value wrapped{{"context", *parsed}};
  domain::FieldReader in(wrapped);
  auto context = domain::read_context(in);
  return in.finish().map([&] { return context; });
}

}  // namespace togglecast::http_api
