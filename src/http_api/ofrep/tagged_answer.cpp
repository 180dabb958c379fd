#include "http_api/ofrep/tagged_answer.hpp"

#include <algorithm>
#include <utility>

namespace togglecast::http_api {
namespace {

constexpr unsigned kSameAnswer = 304;

std::string quoted(std::string_view tag) { return std::string(1, '"').append(tag).append(1, '"'); }

wire::http::Response tagged(const domain::Snapshot& state, std::string_view tag) {
  wire::http::Response response;
  response.headers.add("Togglecast-Revision", std::to_string(state.revision()));
  response.headers.add("Cache-Control", "no-store");
  response.headers.add("ETag", quoted(tag));
  return response;
}

void answer_not_modified(const CallPtr& call, const domain::Snapshot& state, std::string_view tag) {
  wire::http::Response response = tagged(state, tag);
  response.status = kSameAnswer;
  call->respond(std::move(response));
}

}  // namespace

bool answered_as_current(const CallPtr& call, const domain::Snapshot& state, const OfrepTag& tag) {
  const auto& sent = call->sent_tags();
  const auto current = std::find_if(sent.tags.begin(), sent.tags.end(),
                                    [&](const auto& one) { return tag.is_current(one.opaque); });
  if (current == sent.tags.end()) return false;
  answer_not_modified(call, state, current->opaque);
  return true;
}

void answer_tagged(const CallPtr& call, const domain::Snapshot& state, const OfrepTag& tag,
                   const std::string& digest, std::string body) {
  const std::string text = tag.text(digest);
  const auto& sent = call->sent_tags();
  for (const auto& one : sent.tags)
    if (const auto coding = tag.coding_of_answer(one.opaque, digest))
      return answer_not_modified(call, state, text + std::string(*coding));
  if (sent.any) return answer_not_modified(call, state, text);
  wire::http::Response response = tagged(state, text);
  response.headers.add("Content-Type", "application/json");
  response.body = std::move(body);
  call->respond(std::move(response));
}

}  // namespace togglecast::http_api
