#include "wire/websocket/deflate_offer.hpp"

#include <gtest/gtest.h>

#include <string>

namespace togglecast::wire::websocket {
namespace {

constexpr const char* kPlainAnswer =
    "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

// The answer to the field, or "none".
std::string answer(std::string_view field) {
  const auto agreement = accept_deflate_offer(field);
  return agreement ? deflate_answer(*agreement) : "none";
}

std::string answer_with_window(int bits) {
  return std::string(kPlainAnswer) + "; server_max_window_bits=" + std::to_string(bits);
}

TEST(DeflateOffer, AnswersThatNoContextIsTakenOver) {
  for (const char* offer : {
           "permessage-deflate",
           "permessage-deflate; client_max_window_bits",
           "permessage-deflate;client_max_window_bits=8",
           "permessage-deflate; client_max_window_bits=\"15\"",
           "permessage-deflate; client_no_context_takeover; server_no_context_takeover",
           "Permessage-Deflate ;\tSERVER_NO_CONTEXT_TAKEOVER",
           " , permessage-deflate ,, ",
       })
    EXPECT_EQ(answer(offer), kPlainAnswer) << offer;
}

TEST(DeflateOffer, NamesTheWindowThatTheClientAskedFor) {
  for (int bits = 9; bits <= 15; ++bits) {
    EXPECT_EQ(answer("permessage-deflate; server_max_window_bits=" + std::to_string(bits)),
              answer_with_window(bits));
    EXPECT_EQ(answer("permessage-deflate; server_max_window_bits=\"" + std::to_string(bits) + "\""),
              answer_with_window(bits));
  }
  EXPECT_EQ(accept_deflate_offer("permessage-deflate; server_max_window_bits=11")->window_bits, 11);
  EXPECT_EQ(accept_deflate_offer("permessage-deflate")->window_bits, 15);
}

TEST(DeflateOffer, PassesOverWhatItCannotAccept) {
  for (const char* offer : {
           "",
           "permessage-bzip2",
           "x-webkit-deflate-frame",
           "permessage-deflate; unknown",
           "permessage-deflate; server_max_window_bits",
           "permessage-deflate; server_max_window_bits=8",  // which zlib cannot make
           "permessage-deflate; server_max_window_bits=7",
           "permessage-deflate; server_max_window_bits=16",
           "permessage-deflate; server_max_window_bits=010",
           "permessage-deflate; server_max_window_bits=+9",
           "permessage-deflate; server_max_window_bits=1e1",
           "permessage-deflate; client_max_window_bits=7",
           "permessage-deflate; client_max_window_bits=16",
           "permessage-deflate; client_max_window_bits=09",
           "permessage-deflate; server_no_context_takeover=true",
           "permessage-deflate; client_no_context_takeover=1",
           "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
           "permessage-deflate; client_no_context_takeover; client_no_context_takeover",
           "permessage-deflate; server_max_window_bits=10; server_max_window_bits=10",
           "permessage-deflate; client_max_window_bits; client_max_window_bits=10",
       })
    EXPECT_EQ(answer(offer), "none") << offer;
}

TEST(DeflateOffer, TakesTheFirstAcceptableOfSeveral) {
  EXPECT_EQ(answer("permessage-deflate; server_max_window_bits=10, permessage-deflate"),
            answer_with_window(10));
  EXPECT_EQ(answer("permessage-deflate; server_max_window_bits=8, x-other; a=b; c, permessage-deflate; "
                   "client_max_window_bits"),
            kPlainAnswer);
  EXPECT_EQ(answer("permessage-deflate; unknown=1,permessage-deflate;server_max_window_bits=9"),
            answer_with_window(9));
}

TEST(DeflateOffer, ReadsNothingBehindASyntaxError) {
  for (const char* field : {
           "permessage-deflate;",
           "permessage-deflate; =1",
           "permessage-deflate; server_max_window_bits=",
           "permessage-deflate; server_max_window_bits=\"10",
           "permessage-deflate; server_max_window_bits=\"\"",
           "permessage-deflate; client_max_window_bits=\"1 0\"",
           "permessage-deflate client_max_window_bits",
           "permessage-deflate/1",
           "(x), permessage-deflate",
           "x=1, permessage-deflate",
       })
    EXPECT_EQ(answer(field), "none") << field;
  EXPECT_EQ(answer("permessage-deflate, (x"), kPlainAnswer);
}

}  // namespace
}  // namespace togglecast::wire::websocket
