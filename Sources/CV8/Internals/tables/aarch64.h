// Made by scripts/make-internals. Do not edit.
#pragma once
// clang-format off
#define CV8_ENGINE_VERSION "13.6.233.17-node.51"
#define CV8_ENGINE_BUILD_ID "97967fa01aa1a94fdeb36e2ce0b7811e36511e78"
#define CV8_ADDRESS_evaluate_global 0xcb9ec0
#define CV8_BYTES_evaluate_global \
    "\xfd\x7b\xb7\xa9\xfd\x03\x00\x91\xf3\x53\x01\xa9\x14\x00\x05\x91"
#define CV8_ADDRESS_use_optimizer 0xd664c0
#define CV8_BYTES_use_optimizer \
    "\xc1\xc5\x02\xd0\x21\x00\x00\x91\x22\x64\x46\x39\x62\x00\x00\x37"
#define CV8_ADDRESS_random_number_generator 0xd66f80
#define CV8_BYTES_random_number_generator \
    "\xfd\x7b\xbe\xa9\xfd\x03\x00\x91\xf3\x53\x01\xa9\x13\x20\x40\x91"
#define CV8_ADDRESS_reset_random 0xfe6280
#define CV8_BYTES_reset_random \
    "\x01\x3c\x15\x91\x3f\xfc\x9f\xc8\x00\x5c\x15\x91\x00\x00\x40\xf9"
#define CV8_ADDRESS_clear_reconstructable 0x131f980
#define CV8_BYTES_clear_reconstructable \
    "\xfd\x7b\xb5\xa9\x05\xff\x9d\xd2\x02\x00\x80\x52\xfd\x03\x00\x91"
#define CV8_ADDRESS_walk 0xe43f80
#define CV8_BYTES_walk \
    "\xfd\x7b\xbd\xa9\xfd\x03\x00\x91\xf3\x53\x01\xa9\xf3\x03\x01\xaa"
#define CV8_ADDRESS_next_object 0xe41660
#define CV8_BYTES_next_object \
    "\x01\x08\x40\xf9\x41\x0a\x00\xb4\xfd\x7b\xbc\xa9\xfd\x03\x00\x91"
#define CV8_ADDRESS_collect 0xe48cc0
#define CV8_BYTES_collect \
    "\xfd\x7b\xb3\xa9\xfd\x03\x00\x91\xf3\x53\x01\xa9\xf3\x03\x00\xaa"
#define CV8_ADDRESS_count_handles 0xd947a0
#define CV8_BYTES_count_handles \
    "\x00\x04\x40\xf9\x00\x14\x40\xf9\xc0\x03\x5f\xd6\x1f\x20\x03\xd5"
#define CV8_ADDRESS_checksum 0x131eea0
#define CV8_BYTES_checksum \
    "\xfd\x7b\xbe\xa9\x02\x00\x80\x52\xfd\x03\x00\x91\xf3\x53\x01\xa9"
#define CV8_ADDRESS_lexical_names 0xcbd8e0
#define CV8_BYTES_lexical_names \
    "\xfd\x7b\xb3\xa9\xfd\x03\x00\x91\xf3\x53\x01\xa9\xf5\x5b\x02\xa9"
#define CV8_ADDRESS_context_lookup 0xff8460
#define CV8_BYTES_context_lookup \
    "\xff\xc3\x08\xd1\xe9\x03\x00\xaa\xe8\xfe\x9d\x92\xfd\x7b\x00\xa9"
#define CV8_ADDRESS_generator_cast 0xcb9ca0
#define CV8_BYTES_generator_cast \
    "\xfd\x7b\xbe\xa9\xfd\x03\x00\x91\xf3\x0b\x00\xf9\xf3\x03\x00\xaa"
#define CV8_ADDRESS_generator_is_suspended 0xcb9c80
#define CV8_BYTES_generator_is_suspended \
    "\x00\x00\x40\xf9\x00\x30\x84\xb8\xe0\x03\x20\xaa\x00\xfc\x7f\xd3"
#define CV8_ADDRESS_generator_location 0xcb9ae0
#define CV8_BYTES_generator_location \
    "\xfd\x7b\xba\xa9\xfd\x03\x00\x91\xf3\x53\x01\xa9\xf3\x03\x00\xaa"
#define CV8_ADDRESS_generator_script 0xcb99a0
#define CV8_BYTES_generator_script \
    "\xfd\x7b\xbe\xa9\xfd\x03\x00\x91\xf3\x53\x01\xa9\x01\x00\x40\xf9"
#define CV8_ADDRESS_script_source_url 0xcb8180
#define CV8_BYTES_script_source_url \
    "\xfd\x7b\xbe\xa9\xfd\x03\x00\x91\xf3\x53\x01\xa9\x00\x00\x40\xf9"
#define CV8_ADDRESS_location_line 0xcb8d40
#define CV8_BYTES_location_line \
    "\x00\x00\x40\xb9\xc0\x03\x5f\xd6\x1f\x20\x03\xd5\x1f\x20\x03\xd5"
#define CV8_ADDRESS_location_column 0xcb8d60
#define CV8_BYTES_location_column \
    "\x00\x04\x40\xb9\xc0\x03\x5f\xd6\x1f\x20\x03\xd5\x1f\x20\x03\xd5"
#define CV8_ADDRESS_iterate 0xda0a00
#define CV8_BYTES_iterate \
    "\xfd\x7b\xbe\xa9\xfd\x03\x00\x91\xf3\x53\x01\xa9\xf3\x03\x01\xaa"
#define CV8_ADDRESS_collect_all 0xe49740
#define CV8_BYTES_collect_all \
    "\xfd\x7b\xab\xa9\xe2\xfe\x9d\x92\xfd\x03\x00\x91\xf3\x53\x01\xa9"
#define CV8_ADDRESS_icu_open 0x23e0bac
#define CV8_BYTES_icu_open \
    "\xe2\x03\x01\xaa\xe1\x03\x00\xaa\xc2\x00\x00\xb4\x40\x00\x40\xb9"
#define CV8_ADDRESS_icu_convert 0x23e2600
#define CV8_BYTES_icu_convert \
    "\xff\xc3\x22\xd1\xfd\x7b\x00\xa9\xfd\x03\x00\x91\xe3\x07\x05\xa9"
#define CV8_SITES_walk \
    0x131f9d0, 0x131fbe4, 0x131fd2c
#define CV8_SITES_next_object \
    0x131f9d8, 0x131f9fc, 0x131fa68, 0x131fbec, 0x131fd04, 0x131fd34, 0x131fd54, 0x131ff20, \
    0x1320010, 0x132011c
#define CV8_SITES_collect \
    0xe497d8, 0xe49848, 0xe498dc
#define CV8_SITES_count_handles \
    0xe497a8, 0xe497e0, 0xe49800, 0xe49850, 0xe49894, 0xe498e4
#define CV8_SITES_checksum \
    0x1321990, 0x1321f00, 0x1321f68
#define CV8_SITES_iterate \
    0x121c704, 0x121c830
#define CV8_SITES_collect_all \
    0x121c818
#define CV8_RANGES \
    {0xa00000, 0x1a00000}, \
    {0x2400000, 0x2c00000}, \
    {0x6000000, 0x6200000}
