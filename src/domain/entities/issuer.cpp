#include "domain/entities/issuer.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace togglecast::domain {
namespace {

constexpr std::array kSources{KeySource::jwks, KeySource::pem, KeySource::jwks_url, KeySource::jwks_file};
constexpr std::array<std::string_view, 3> kAlgorithms{"RS256", "ES256", "EdDSA"};
constexpr std::size_t kKeysDepth = 8;

// An array of 1 to `max` different texts of one line.
std::optional<std::vector<std::string>> read_texts(FieldReader& in, std::string_view member,
                                                   std::size_t max) {
  const json::array* list = in.array(member, max);
  if (list == nullptr) return std::nullopt;
  std::vector<std::string> read;
  for (const json::value& one : *list) {
    const auto* text = one.if_string();
    if (text == nullptr || text->empty() || text->size() > kMaxIssuerName) {
      in.refuse(member, "must have texts of 1 to " + std::to_string(kMaxIssuerName) + " bytes");
      return std::nullopt;
    }
    read.emplace_back(*text);
  }
  if (read.empty()) in.refuse(member, "must have at least one element");
  for (std::size_t i = 0; i < read.size(); ++i)
    if (std::find(read.begin(), read.begin() + static_cast<std::ptrdiff_t>(i), read[i]) !=
        read.begin() + static_cast<std::ptrdiff_t>(i))
      in.refuse(member, "names '" + read[i] + "' twice");
  return read;
}

void read_algorithms(FieldReader& in, Issuer& into) {
  const auto read = read_texts(in, "algorithms", kAlgorithms.size());
  if (!read) return;
  for (const std::string& one : *read)
    if (std::find(kAlgorithms.begin(), kAlgorithms.end(), one) == kAlgorithms.end())
      in.refuse("algorithms", "may have RS256, ES256 and EdDSA");
  into.algorithms = *read;
}

// `{jwks: {…}}`, `{pem: "…"}`, `{jwks_url: "https://…"}` or `{jwks_file: "name.json"}`.
void read_keys(FieldReader& in, Issuer& into) {
  const auto given = in.object("keys", kMaxKeysText, kKeysDepth);
  if (!given) return;
  const json::value body(*given);
  FieldReader keys(body);
  std::size_t sources = 0;
  for (const KeySource source : kSources) {
    const std::string_view name = to_string(source);
    if (!keys.has_value(name)) {
      (void)keys.any(name);
      continue;
    }
    ++sources;
    into.source = source;
    if (source == KeySource::jwks) {
      const auto set = keys.object(name, kMaxKeysText, kKeysDepth);
      if (set) into.keys = json::serialize(*set);
    } else {
      into.keys = keys.text(name, kMaxKeysText).value_or("");
    }
  }
  if (sources != 1) in.refuse("keys", "must have one of jwks, pem, jwks_url and jwks_file");
  if (const auto ok = keys.finish(); !ok) in.refuse(within("/keys", ok.error()).details);
}

void read_issuer_members(FieldReader& in, Issuer& into) {
  assign(into.name, in.line("name", kMaxName));
  assign(into.audiences, read_texts(in, "audiences", kMaxAudiences));
  read_algorithms(in, into);
  read_keys(in, into);
  assign(into.client_claim, in.line("client_claim", kMaxIssuerName));
  assign(into.leeway, in.integer("leeway_s", 0, kMaxLeeway));
  assign(into.active, in.boolean("active"));
}

void read_identity(FieldReader& in, Issuer& into) {
  into.key = in.key("key").value_or("");
  into.issuer = in.line("issuer", kMaxIssuerName).value_or("");
  into.environment = in.key("environment").value_or("");
  if (into.issuer == kOwnIssuer) in.refuse("issuer", "is the name by which this server signs");
}

}  // namespace

std::string_view to_string(KeySource source) noexcept {
  switch (source) {
    case KeySource::jwks:
      return "jwks";
    case KeySource::pem:
      return "pem";
    case KeySource::jwks_url:
      return "jwks_url";
    case KeySource::jwks_file:
      return "jwks_file";
  }
  return "";
}

Result<Issuer> Issuer::from_json(const json::value& body) {
  FieldReader in(body);
  in.require({"key", "name", "issuer", "audiences", "environment", "keys"});
  Issuer read;
  read_stamps(in, read);
  read_identity(in, read);
  read_issuer_members(in, read);
  if (auto ok = in.finish(); !ok) return stored_body_error("issuer", ok.error());
  return read;
}

Result<Issuer> Issuer::read_new(const json::value& body) {
  FieldReader in(body);
  Issuer read;
  read_identity(in, read);
  read_issuer_members(in, read);
  in.require({"key", "name", "issuer", "audiences", "environment", "keys"});
  deny_stamps(in);
  return in.finish(std::move(read));
}

json::object to_json(const Issuer& issuer) {
  json::object keys;
  if (issuer.source == KeySource::jwks) {
    keys[to_string(issuer.source)] = json::parse(issuer.keys).value_or(json::value(nullptr));
  } else {
    keys[to_string(issuer.source)] = issuer.keys;
  }
  json::object out;
  out.reserve(14);
  out["id"] = issuer.id;
  out["key"] = issuer.key;
  out["name"] = issuer.name;
  out["issuer"] = issuer.issuer;
  out["audiences"] = json::array(issuer.audiences.begin(), issuer.audiences.end());
  out["environment"] = issuer.environment;
  out["algorithms"] = json::array(issuer.algorithms.begin(), issuer.algorithms.end());
  out["keys"] = std::move(keys);
  out["client_claim"] = issuer.client_claim;
  out["leeway_s"] = issuer.leeway;
  out["active"] = issuer.active;
  write_stamps(out, issuer);
  return out;
}

Result<Issuer> patched(Issuer issuer, const json::value& body) {
  FieldReader in(body);
  read_issuer_members(in, issuer);
  in.deny({"issuer", "environment"}, "cannot be changed; make another issuer");
  deny_key_and_stamps(in);
  return in.finish(std::move(issuer));
}

}  // namespace togglecast::domain
