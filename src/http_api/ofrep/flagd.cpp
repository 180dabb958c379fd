// The flags of one client as a file for flagd's in-process providers.
#include "delivery/resume_claim.hpp"
#include "domain/flagd/flagd_file.hpp"
#include "http_api/ofrep/ofrep_routes.hpp"
#include "http_api/ofrep/tagged_answer.hpp"
#include "http_api/request/call.hpp"

namespace togglecast::http_api {
namespace {

constexpr std::string_view kFileForm = "flagd 1";  // raised when equal states get other files than before

}  // namespace

void read_flagd_file(const CallPtr& call) {
  const std::string name(call->request().query.value("client"));
  if (name.empty())
    return call->refuse({Errc::invalid_argument, "the parameter client must be the key of a client", {}});
  const auto state = call->application().model().current(call->who().environment);
  const auto client = state->find_by_key<domain::Client>(name);
  if (client == nullptr) return call->refuse({Errc::not_found, "there is no client '" + name + "'", {}});
  const OfrepTag tag(OfrepTag::name_of(delivery::client_view_name(std::string(kFileForm),
                                                                  state->environment(), client->id, nullptr)),
                     *state);
  if (answered_as_current(call, *state, tag)) return;
  call->work([call, state, client, tag] {
    std::string file = domain::flagd::flagd_file(*state, *client);
    const std::string digest = OfrepTag::digest(file);
    answer_tagged(call, *state, tag, digest, std::move(file));
  });
}

}  // namespace togglecast::http_api
