#include "domain/segment.hpp"

#include "domain/platform.hpp"

namespace togglecast::domain {
namespace {

SegmentFields read_fields(FieldReader& in) {
  SegmentFields fields;
  fields.name = in.line("name", kMaxName);
  fields.description = in.text("description", kMaxDescription);
  if (const json::value* rule = in.any("rule")) fields.rule = *rule;
  return fields;
}

}  // namespace

Result<Segment> Segment::from_json(const json::value& body) {
  FieldReader in(body);
  in.require({"key", "name", "rule"});
  Segment segment;
  read_stamps(in, segment);
  SegmentFields fields = read_fields(in);
  fields.key = in.key("key");
  if (auto ok = in.finish(); !ok) return stored_body_error("segment", ok.error());
  assign(segment, fields);
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

Result<SegmentFields> read_new_segment(const json::value& body) {
  FieldReader in(body);
  SegmentFields fields = read_fields(in);
  fields.key = in.key("key");
  in.require({"key", "name", "rule"});
  deny_stamps(in);
  return in.finish().map([&] { return fields; });
}

Result<SegmentFields> read_segment_patch(const json::value& body) {
  FieldReader in(body);
  SegmentFields fields = read_fields(in);
  deny_key_and_stamps(in);
  return in.finish().map([&] { return fields; });
}

void assign(Segment& segment, const SegmentFields& fields) {
  if (fields.key) segment.key = *fields.key;
  if (fields.name) segment.name = *fields.name;
  if (fields.description) segment.description = *fields.description;
  if (fields.rule) segment.rule = *fields.rule;
}

}  // namespace togglecast::domain
