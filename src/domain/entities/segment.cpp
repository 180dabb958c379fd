#include "domain/entities/segment.hpp"

namespace togglecast::domain {
namespace {

void read_members(FieldReader& in, Segment& segment) {
  assign(segment.name, in.line("name", kMaxName));
  assign(segment.description, in.text("description", kMaxDescription));
  if (const json::value* rule = in.any("rule")) segment.rule = *rule;
}

}  // namespace

Result<Segment> Segment::from_json(const json::value& body) {
  FieldReader in(body);
  in.require({"key", "name", "rule"});
  Segment segment;
  read_stamps(in, segment);
  segment.key = in.key("key").value_or("");
  read_members(in, segment);
  if (auto ok = in.finish(); !ok) return stored_body_error("segment", ok.error());
  return segment;
}

json::object to_json(const Segment& segment) {
  json::object out;
  out.reserve(8);
  out["id"] = segment.id;
  out["key"] = segment.key;
  out["name"] = segment.name;
  out["description"] = segment.description;
  out["rule"] = segment.rule;
  write_stamps(out, segment);
  return out;
}

Result<Segment> Segment::read_new(const json::value& body) {
  FieldReader in(body);
  Segment segment;
  segment.key = in.key("key").value_or("");
  read_members(in, segment);
  in.require({"key", "name", "rule"});
  deny_stamps(in);
  return in.finish(std::move(segment));
}

Result<Segment> patched(Segment segment, const json::value& body) {
  FieldReader in(body);
  read_members(in, segment);
  deny_key_and_stamps(in);
  return in.finish(std::move(segment));
}

}  // namespace togglecast::domain
