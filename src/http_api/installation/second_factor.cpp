// The second factor of the caller, and of an admin that has lost its own.
#include "auth/password.hpp"
#include "domain/schema/fields.hpp"
#include "http_api/handlers/entities.hpp"
#include "http_api/installation/installation.hpp"
#include "web/address.hpp"

namespace togglecast::http_api {
namespace {

enum class Needs : std::uint8_t { password, code, both };

Result<service::Proof> proof_in(const Call& call, Needs needs) {
  const auto body = call.body();
  if (!body) return tl::unexpected(body.error());
  domain::FieldReader in(*body);
  service::Proof proof;
  if (needs != Needs::code) {
    proof.password = Secret(in.text("password", auth::kMaxPassword).value_or(""));
    in.require({"password"});
  }
  if (needs != Needs::password) {
    proof.code = Secret(in.text("code", auth::kMaxCode).value_or(""));
    in.require({"code"});
  }
  if (auto ok = in.finish(); !ok) return tl::unexpected(ok.error());
  if (!call.peer().loopback || !call.api().options().exempt_loopback)
    proof.throttled_as = web::address_key(call.peer().address);
  return proof;
}

// Asks `start(proof, options)` once the request is read.
template <typename Start>
void with_proof(const CallPtr& call, Needs needs, Start start) {
  const auto proof = proof_in(*call, needs);
  if (!proof) return call->refuse(proof.error());
  const auto options = call->write_options();
  if (!options) return call->refuse(options.error());
  start(*proof, *options);
}

service::RecoveryCodesDone showing_codes(const CallPtr& call) {
  return [call](Result<std::vector<Secret>> codes) {
    call->resume([call, codes = std::move(codes)] {
      if (!codes) return call->refuse(codes.error());
      json::array shown;
      for (const Secret& code : *codes) shown.emplace_back(code.reveal());
      call->answer({.body = json::object{{"recovery_codes", std::move(shown)}}});
    });
  };
}

}  // namespace

void read_second_factor(const CallPtr& call) {
  auto factor = call->application().second_factor().describe(call->who());
  if (!factor) return call->refuse(factor.error());
  call->answer({.body = *std::move(factor)});
}

void begin_second_factor(const CallPtr& call) {
  with_proof(call, Needs::password, [&](const service::Proof& proof, const service::WriteOptions& options) {
    call->application().second_factor().begin(
        call->who(), proof, options, [call](Result<service::FactorSetup> setup) {
          call->resume([call, setup = std::move(setup)] {
            if (!setup) return call->refuse(setup.error());
            call->answer(
                {.body = json::object{{"secret", setup->secret.reveal()}, {"uri", setup->uri.reveal()}},
                 .replayed = setup->replayed});
          });
        });
  });
}

void confirm_second_factor(const CallPtr& call) {
  with_proof(call, Needs::code, [&](const service::Proof& proof, const service::WriteOptions& options) {
    call->application().second_factor().confirm(call->who(), proof, options, showing_codes(call));
  });
}

void renew_recovery_codes(const CallPtr& call) {
  with_proof(call, Needs::both, [&](const service::Proof& proof, const service::WriteOptions& options) {
    call->application().second_factor().renew_recovery_codes(call->who(), proof, options,
                                                             showing_codes(call));
  });
}

void remove_second_factor(const CallPtr& call) {
  with_proof(call, Needs::both, [&](const service::Proof& proof, const service::WriteOptions& options) {
    call->application().second_factor().remove(call->who(), proof, options,
                                               removed(call, {domain::Kind::admin, call->who().id}));
  });
}

void reset_second_factor(const CallPtr& call) {
  const auto id = call->id("id");
  if (!id) return call->refuse(id.error());
  const auto options = call->write_options();
  if (!options) return call->refuse(options.error());
  call->application().second_factor().reset(call->who(), *id, *options,
                                            removed(call, {domain::Kind::admin, *id}));
}

}  // namespace togglecast::http_api
