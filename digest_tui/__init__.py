"""digest-tui: read and triage daily arXiv digests in the terminal.

The package reads in this order, and each module imports only from those before it:

* `paper`: what a digest says: papers, entries, digests, problems
* `paper_set`: sets of papers, by their numbers
* `latex`: LaTeX fragments as Unicode, for the screen and for search
* `printable`: text as it may be shown on a terminal
* `commands`: the one table of commands
* `file_names`: names of files that every system takes
* `formats`: digest text to a digest and its problems
* `query`: the query language
* `marks`: read and starred as values; which of two changes wins; undo
* `store`: marks on disk, one append-only journal per device
* `export`: papers to Markdown, BibTeX, CSV and JSON
* `settings`: where files live, and `config.toml`
* `editing`: a query as it is edited: completion, facets
* `search`: which papers a query finds
* `facets`: what there is to choose from, with counts
* `prepared`: a digest as the index takes it
* `crash`: what is told of an error that nobody expected, and the report of it
* `crew`: child processes that read digests ahead
* `index_file`: the file of the index: which one it is, and whether it is damaged
* `index_tables`: what the index consists of
* `index_readings`: what both the index and its writer ask
* `index_writer`: what is written into the index: digests and marks
* `index`: everything the library knows, as one disposable SQLite file
* `folders`: the folders of digests: which files are there, and which are whole
* `library`: digests imported, scanned, and held together with their index and marks
* `finder`: a thread that answers queries
* `view`: what is on screen: sections, rows, folding
* `resume`: what is remembered from one start to the next
* `session`: library, marks, query and cursor as one view; what every command does
* `filler`: a child process that indexes a library that is far behind
* `doctor`: how the library is, what needs a hand, and what can safely be done
* `watcher`: a thread that looks for new digests
* `ui`: the screen, and the only part that knows Textual
* `cli`: the shell
"""

from __future__ import annotations

__version__ = "0.1.0"
