#include "http_api/request/answer_kept.hpp"

#include <utility>

#include "http_api/request/content_coding.hpp"
#include "wire/http/gzip.hpp"

namespace togglecast::http_api {
namespace {

// All that decides an answer beside the state. Callers share nothing: what one may read is its own.
std::string name_of(const Call& call) {
  const auto& who = call.who();
  std::string name = call.request().target;
  name.append(1, '\n').append(who.environment).append(1, '\n').append(to_string(who.kind));
  name.append(1, ' ')
      .append(std::to_string(who.id))
      .append(1, ' ')
      .append(domain::to_string(who.role.here()));
  if (who.role.owns_installation()) name += '+';
  return name;
}

bool wants_gzip(const Call& call, std::size_t bytes) {
  return bytes >= kLeastCompressed &&
         wire::http::accepts_gzip(call.request().headers.value("Accept-Encoding"));
}

void send(Call& call, const KeptResponse& kept, std::optional<domain::Revision> revision, bool gzip) {
  wire::http::Response response;
  auto& headers = response.headers;
  if (revision) headers.add("Togglecast-Revision", std::to_string(*revision));
  headers.add("Cache-Control", "no-store");
  headers.add("ETag", '"' + kept.etag + std::string(gzip ? kGzipMark : "") + '"');
  headers.add("Content-Type", "application/json");
  if (kept.plain.size() >= kLeastCompressed) headers.add("Vary", "Accept-Encoding");
  if (gzip) headers.add("Content-Encoding", "gzip");
  response.shared = gzip ? kept.gzip : kept.plain;
  response.shared_size = response.shared.size();
  call.charge(kept.plain.size());
  call.respond(std::move(response));
}

}  // namespace

bool answer_kept(Call& call, const std::string& etag, std::optional<domain::Revision> revision) {
  if (call.has_already(etag)) {
    call.answer({.revision = revision, .etag = etag});
    return true;
  }
  const std::string name = name_of(call);
  const bool accepts = wants_gzip(call, kLeastCompressed);
  const auto kept = call.api().responses().find(name, etag, accepts);
  if (kept == nullptr) return false;
  send(call, *kept, revision, accepts && kept->gzip);
  return true;
}

void answer_and_keep(Call& call, const std::string& etag, std::optional<domain::Revision> revision,
                     std::string text) {
  if (text.size() > KeptResponses::kLargest)
    return call.answer({.text = std::move(text), .revision = revision, .etag = etag});
  KeptResponse made{etag, SharedBytes(text)};
  const bool gzip = wants_gzip(call, text.size());
  if (gzip) {
    const std::string smaller = wire::http::gzip(text, kGzipLevel);
    if (!smaller.empty()) made.gzip = SharedBytes(smaller);
  }
  call.api().responses().keep(name_of(call), made);
  send(call, made, revision, gzip && made.gzip);
}

}  // namespace togglecast::http_api
