// Colours for `proto` blocks: the highlight.js of mdBook comes without a grammar for Protocol Buffers.
(() => {
    const grammar = (hljs) => ({
        name: "Protocol Buffers",
        aliases: ["proto"],
        keywords: {
            keyword:
                "syntax edition package import public weak option message enum service rpc returns stream " +
                "oneof map repeated optional required group reserved extensions extend to max",
            built_in:
                "double float int32 int64 uint32 uint64 sint32 sint64 fixed32 fixed64 sfixed32 sfixed64 bool string bytes",
            literal: "true false",
        },
        contains: [
            hljs.QUOTE_STRING_MODE,
            hljs.C_NUMBER_MODE,
            hljs.C_LINE_COMMENT_MODE,
            hljs.C_BLOCK_COMMENT_MODE,
            {
                className: "class",
                beginKeywords: "message enum service",
                end: /\{/,
                illegal: /\n/,
                contains: [hljs.inherit(hljs.TITLE_MODE, { starts: { endsWithParent: true } })],
            },
            {
                className: "function",
                beginKeywords: "rpc",
                end: /[{;]/,
                keywords: "rpc returns stream",
                contains: [hljs.inherit(hljs.TITLE_MODE, { begin: /[a-zA-Z]\w*(?=\s*\()/ })],
            },
        ],
    });
    if (typeof hljs === "undefined") {
        return;
    }
    hljs.registerLanguage("protobuf", grammar);
    // The page's own script, which runs before this one, found no language for these.
    document.querySelectorAll("code.language-proto").forEach((block) => hljs.highlightBlock(block));
})();
