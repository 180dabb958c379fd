#include "domain/installation/second_factor.hpp"

namespace togglecast::domain {
namespace {

constexpr std::size_t kMaxSealed = 400;

}  // namespace

Result<SecondFactor> SecondFactor::from_json(const json::value& body) {
  FieldReader in(body);
  in.require({"username", "sealed"});
  SecondFactor factor;
  read_stamps(in, factor);
  factor.username = in.line("username", kMaxName).value_or("");
  factor.sealed = in.line("sealed", kMaxSealed).value_or("");
  if (in.has_value("confirmed_at")) factor.confirmed_at = in.time("confirmed_at");
  factor.last_step = in.integer("last_step", 0, kMaxId).value_or(0);
  if (const json::array* codes = in.array("recovery", kMaxRecoveryCodes))
    for (const json::value& one : *codes)
      if (const auto* digest = one.if_string()) factor.recovery.emplace_back(*digest);
  if (auto ok = in.finish(); !ok) return stored_body_error("second factor", ok.error());
  return factor;
}

json::object to_json(const SecondFactor& factor) {
  json::object out;
  out.reserve(9);
  out["id"] = factor.id;
  out["username"] = factor.username;
  out["sealed"] = factor.sealed;
  if (factor.confirmed_at) out["confirmed_at"] = to_iso8601(*factor.confirmed_at);
  out["last_step"] = factor.last_step;
  out["recovery"] = json::array(factor.recovery.begin(), factor.recovery.end());
  write_stamps(out, factor);
  return out;
}

}  // namespace togglecast::domain
